"""make, watched: a resolved configuration becomes an image in the store.

<store>/matched-kernel/<key>/   kernel, config, System.map, release, log, and lib/modules/<release>/
<store>/dtb/<key>/dtb           a device tree of the same source
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import HostError, InputError
from harness.kernel.distro import depmod
from harness.kernel.matched.resolve import ResolvedConfig
from harness.kernel.matched.source import SourceTree
from harness.kernel.matched.toolchain import Toolchain
from harness.kernel.matched.trees import BuildTree, build_tree, objects_of
from harness.leash import leash
from harness.store import Progress, Store, no_space_left, silent

_LAYOUT = 1
_ROOM = 2 << 30  # bytes: the objects of a matched kernel take 100 to 300 MB
_OBJECT = re.compile(r"\s+(?:CC|AS)(?: \[M\])?\s+(?:\[M\]\s+)?\S+\.o\s*")
_ERROR = re.compile(r"(?:fatal )?error:|undefined reference|\*\*\* |No space left|Killed")
_COUNT = "objects.json"


def built(
    config: ResolvedConfig,
    source: SourceTree,
    toolchain: Toolchain,
    store: Store,
    progress: Progress = silent,
) -> Path:
    """The folder of the kernel with this configuration, built now if nobody has built it. Same inputs, same bytes.

    Cells whose configuration and source are the same share one result.
    Raises HostError with the compiler's first error.
    """
    inputs = {
        "layout": _LAYOUT,
        "config": config.key,
        "source": source.key,
        "arch": toolchain.arch.arch,
        "compiler": toolchain.identity,
        "flags": toolchain.arch.flags,
    }

    def make(folder: Path) -> None:
        symbols = config.symbols
        with build_tree(source, toolchain, objects_of(symbols), store) as tree:
            _replace_if_changed(config.path, tree.path / ".config")
            goals = [toolchain.arch.make, *(["modules"] if "m" in symbols.values() else [])]
            Make(tree, store, progress).run(goals)
            shutil.copyfile(tree.path / toolchain.arch.image, folder / "kernel")
            for name, inner in (("config", ".config"), ("System.map", "System.map"), ("log", "build.log")):
                shutil.copyfile(tree.path / inner, folder / name)
            release = (tree.path / "include/config/kernel.release").read_text(encoding="utf-8").strip()
            (folder / "release").write_text(f"{release}\n", encoding="utf-8")
            if "modules" in goals:
                _install_modules(tree, folder, release, store)

    return store.get("matched-kernel", inputs, make, need=("kernel", "config", "release"), room=_ROOM)


def device_tree(name: str, config: ResolvedConfig, source: SourceTree, toolchain: Toolchain, store: Store) -> Path:
    """A device tree of the source, by the name that Debian's packages know it by, with or without its folder.

    Raises InputError where the source has none of that name.
    """
    folder = source.path / "arch" / toolchain.arch.srcarch / "boot/dts"
    stem = Path(name).name.removesuffix(".dtb")
    found = sorted(folder.rglob(f"{stem}.dts"))
    if not found:
        raise InputError(f"{source.origin} has no device tree {stem} for {toolchain.arch.srcarch}")
    goal = f"{found[0].relative_to(folder).with_suffix('.dtb')}"

    def make(into: Path) -> None:
        with build_tree(source, toolchain, objects_of(config.symbols), store) as tree:
            _replace_if_changed(config.path, tree.path / ".config")
            Make(tree, store, silent).run([goal])
            shutil.copyfile(tree.path / "arch" / toolchain.arch.srcarch / "boot/dts" / goal, into / "dtb")

    return store.get("dtb", {"layout": _LAYOUT, "source": source.key, "goal": goal}, make, room=1 << 20) / "dtb"


class Make:
    """One call of make: its objects counted, its log kept in the tree, its children ended with it."""

    def __init__(self, tree: BuildTree, store: Store, progress: Progress) -> None:
        self._tree, self._store, self._progress = tree, store, progress
        self._environment = tree.environment(store)
        self._log = tree.path / "build.log"

    def run(self, goals: Sequence[str]) -> None:
        """Make the goals. Raises HostError with the first error; the tree stays, for the next call to go on from."""
        version = self._tree.source.version
        total = self._expected(goals)
        done = 0
        with self._log.open("w", encoding="utf-8", errors="backslashreplace") as log, self._make(goals) as make:
            for line in make.stdout or ():
                log.write(line)
                if _OBJECT.fullmatch(line.rstrip("\n")):
                    done += 1
                    of = f" of at most {max(total, done)}" if total else ""
                    # Called for every object: whoever listens may raise, and thereby ends the build.
                    self._progress(f"building Linux {version}: {done}{of} objects")
        if make.returncode != 0:  # only now is the log whole
            raise self._failure(make.returncode)
        if done > total:
            self._remember(goals, done)

    @contextmanager
    def _make(self, goals: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
        argv = [*leash(), *self._tree.make(f"-j{len(os.sched_getaffinity(0))}", *goals)]
        # A group of its own, so that compilers end with make, whatever ends it.
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", env=self._environment, process_group=0,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101 -- for the type checker
        try:
            yield process
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            raise
        finally:
            process.stdout.close()
            process.wait()

    def _failure(self, status: int) -> HostError:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines()]
        first = next(
            (line for line in lines if _ERROR.search(line)), lines[-1] if lines else f"make ended with {status}"
        )
        full = no_space_left(text, self._store.root, "kernel", _ROOM)
        return full or HostError(
            f"building Linux {self._tree.source.version} failed: {first[:300]}", hint=f"the whole log is {self._log}"
        )

    def _expected(self, goals: Sequence[str]) -> int:
        """How many objects the largest build of this tree has compiled so far; 0 before the first.

        A dry run of make would count those of this one, at two percent of what a build from nothing costs.
        """
        return self._counts().get(" ".join(goals), 0)

    def _counts(self) -> dict[str, int]:
        with suppress(OSError, ValueError):
            return dict(json.loads((self._tree.path / _COUNT).read_text(encoding="utf-8")))
        return {}

    def _remember(self, goals: Sequence[str], count: int) -> None:
        (self._tree.path / _COUNT).write_text(json.dumps({**self._counts(), " ".join(goals): count}), encoding="utf-8")


def _replace_if_changed(new: Path, old: Path) -> None:
    """make goes by times: a .config that is written again, though the same, costs it the work of comparing."""
    if not old.is_file() or old.read_bytes() != new.read_bytes():
        shutil.copyfile(new, old)


def _install_modules(tree: BuildTree, folder: Path, release: str, store: Store) -> None:
    argv = tree.make("modules_install", f"INSTALL_MOD_PATH={folder}", "DEPMOD=true", "INSTALL_MOD_STRIP=1")
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
        env=tree.environment(store),
    )  # fmt: skip
    if done.returncode != 0:
        raise HostError(f"installing the modules of {release} failed: {done.stderr.strip()[:300]}")
    root = folder / "lib/modules" / release
    for link in ("build", "source"):  # they lead into the tree
        (root / link).unlink(missing_ok=True)
    depmod(folder, release)
