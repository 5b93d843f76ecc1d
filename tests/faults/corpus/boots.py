"""Boots a fault as the product boots, and tells what it said: the whole engine, without preflight's refusal."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness.image.assemble import assemble
from harness.machine.board.binding import BoundLab
from harness.plan.cells import Cell, plan
from harness.plan.matrix import Retry
from harness.preflight.gather import gather, image_needs
from harness.preflight.preflight import preflight
from harness.report.results import CellRecord
from harness.run.accelerators import Emulators
from harness.run.admission import Admission
from harness.run.cellwork import CellWork
from harness.run.engine import Engine, Run
from harness.run.foreign import Foreign, ForeignWork
from harness.run.history import History
from harness.run.work import Prepared, Say, Work
from harness.store import Store
from harness.words import Reached
from tests.faults.corpus.board import lab_of
from tests.faults.corpus.fault import Fault, Scene
from tests.faults.corpus.machines import Maker, Stopwatch

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the product said of a fault, and when."""

    fault: Fault
    record: CellRecord
    watch: Stopwatch
    seconds: float

    @property
    def cause(self) -> str:
        """The cause's id; empty where none was found."""
        return self.record.diagnosis.id if self.record.diagnosis else ""

    @property
    def is_detected(self) -> bool:
        """It was not taken for a good boot."""
        return self.record.verdict in ("fail", "error")

    @property
    def is_outcome_right(self) -> bool:
        return self.record.outcome in (self.fault.outcome, *self.fault.also)

    @property
    def is_cause_right(self) -> bool:
        return self.cause == self.fault.cause

    @property
    def is_right(self) -> bool:
        return self.is_detected and self.is_outcome_right and self.is_cause_right


class FaultWork:
    """A cell or a user's image, to which something was done."""

    def __init__(self, scene: Scene, store: Store) -> None:
        self._scene = scene
        self._store = store
        self._work: Work = _user_work(scene, store) if scene.foreign or scene.disk else CellWork(scene.cell, store)
        self.id, self.target, self.axes = self._work.id, self._work.target, self._work.axes
        self.retry = Retry(errors=0, failures=0)
        self.deadline = scene.cell.target.boot.deadline

    def prepare(self, folder: Path, say: Say) -> Prepared:
        """As ever; where media were changed, what is known of the boot is gathered anew."""
        prepared = self._work.prepare(folder, say)
        if not self._scene.media:
            return prepared
        media = prepared.media
        for change in self._scene.media:
            media = change(media)
        if self._scene.cell.media != "direct":  # what is on the medium is as it was
            return replace(prepared, media=media)
        needs = image_needs(self._scene.cell.image, self.target)
        facts = gather(self.target, self._scene.files.kernel, media, self._store, needs=needs)
        return replace(prepared, media=media, facts=facts, findings=preflight(facts))


def _user_work(scene: Scene, store: Store) -> ForeignWork:
    files = scene.files
    if scene.disk:
        return ForeignWork(scene.cell.target, Foreign(disk=scene.disk), store, insists=True)
    return ForeignWork(
        scene.cell.target,
        Foreign(
            kernel=scene.kernel or _beside_its_configuration(files.kernel.image, files.kernel.release, scene.folder),
            initrd=(scene.initrd or files.initrd) if scene.has_initrd else None,
            dtb=scene.dtb,
            append=" ".join(scene.words),
            disk=scene.root,
            ready=re.compile(scene.ready),
        ),
        store,
        insists=True,
    )


def _beside_its_configuration(kernel: Path, release: str, folder: Path) -> Path:
    """A user's kernel as it lies in /boot."""
    own = folder / f"vmlinuz-{release}"
    if not own.exists():
        shutil.copyfile(kernel, own)
        shutil.copyfile(kernel.parent / "config", folder / f"config-{release}")
    return own


class _Watch:
    """Progress that nobody looks at; it only stops the watch at the verdict."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker

    def __enter__(self) -> _Watch:
        return self

    def __exit__(self, *_: object) -> None: ...

    def expect(self, cell: str, milestones: object) -> None: ...

    def milestone(self, cell: str, reached: Reached) -> None: ...

    def note(self, text: str) -> None: ...

    def done(self, cell: str, record: CellRecord) -> None: ...

    def phase(self, cell: str, phase: str, detail: str = "") -> None:
        """`teardown` begins when the verdict is out."""
        if phase == "teardown":
            self._maker.ruled()


@dataclass(frozen=True, slots=True)
class Bench:
    """What all boots share."""

    store: Store
    emulators: Emulators
    admission: Admission
    cells: dict[str, Cell]

    @classmethod
    def set_up(cls) -> Bench:
        """Asks the host what it has."""
        store = Store()
        # Of several cells of a target its first, which is by the usual door.
        cells = {cell.target.name: cell for cell in reversed(plan(ROOT).cells) if cell.kernel == "distro"}
        return cls(store, Emulators(store, lambda _: None), Admission(), cells)

    def scene(self, fault: Fault, folder: Path) -> Scene:
        """The broken boot of a fault; its files are made in `folder`."""
        cell = self.cells[fault.target]
        files = assemble(cell.target, cell.image, cell.kernel, cell.media, self.store)
        scene = Scene(cell, folder, files).with_patience(fault.patience, fault.deadline)
        for way in fault.by:
            scene = way(scene)
        return scene

    async def boot(self, fault: Fault, folder: Path) -> Seen:
        """One fault, from its files to what is said of it."""
        made, records = folder / "made", folder / "run"
        for path in (made, records):
            path.mkdir(parents=True)
        scene = await asyncio.to_thread(self.scene, fault, made)
        maker = Maker(scene.meddling)
        begin = asyncio.get_running_loop().time()
        with _room(scene.room, records), lab_of(scene, made) as lab:
            engine = Engine(
                run_dir=records,
                progress=_Watch(maker),
                emulators=self.emulators,
                admission=self.admission,
                history=History(folder / "history.json"),
                jobs=1,
                lab=lab or BoundLab(),
                preflight=False,
                machines=maker,
            )
            works: list[Work] = [FaultWork(scene, self.store)]
            (record,) = await Run(engine, works).finish()
        if maker.watch.trouble:
            raise RuntimeError(f"{fault.id}: the fault could not be made") from maker.watch.trouble
        return Seen(fault, record, maker.watch, asyncio.get_running_loop().time() - begin)


@contextlib.contextmanager
def _room(size: int, folder: Path) -> Iterator[None]:
    """A small file system for the records of a run, where there is to be little room."""
    if not size:
        yield
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
