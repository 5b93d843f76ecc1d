"""`bootmatrix doctor`: what this host has, what it lacks, and what to do about it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.commands.project import Selection
from harness.errors import BootmatrixError
from harness.machine.accel.probe import probe
from harness.machine.qemu.binary import find_qemu
from harness.machine.qemu.packaged import uefi_of
from harness.plan.cells import Cell
from harness.run.admission import host_capacity
from harness.store import Store

# What the harness starts besides QEMU: the program, and what for.
PROGRAMS = {
    "apt-get": "fetches Debian's kernels",
    "dpkg-deb": "unpacks them",
    "depmod": "indexes the modules of an initrd",
    "qemu-img": "makes copy-on-write overlays of disks",
    "setpriv": "ends QEMU when the harness is killed",
}
ROOM_WANTED = 3 << 30  # bytes: kernels of all architectures, unpacked, and the reports


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    text: str
    facts: dict[str, Any] = field(default_factory=dict)


def doctor(*, matrix: Path | None = None, as_json: bool) -> int:
    """Look at everything anew and tell; returns 3 when something is missing that a run would need."""
    findings = list(_findings(matrix))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1, default=str))
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name}: {finding.text}")
    return 0 if all(finding.ok for finding in findings) else 3


def _findings(matrix: Path | None) -> Iterator[Finding]:
    plan, cells = Selection(matrix=matrix).cells(default_suite=None)
    store = Store()
    yield Finding("matrix", True, f"{plan.matrix}: {len(cells)} cells, suites {', '.join(plan.suites)}")
    capacity = host_capacity()
    yield Finding("host", True, f"{capacity.cpus} processors, {capacity.memory} MiB for guests", asdict(capacity))
    yield from _qemus(cells, store.root)
    yield from _firmware(cells)
    for program, purpose in PROGRAMS.items():
        found = shutil.which(program)
        yield Finding(program, found is not None, f"{found or 'not installed'} ({purpose})")
    yield from _store(store)


def _qemus(cells: list[Cell], cache: Path) -> Iterator[Finding]:
    for arch in sorted({cell.target.arch for cell in cells}):
        try:
            binary = find_qemu(arch, cache)
            accelerator = probe(arch, binary.path, cache, fresh=True)
        except BootmatrixError as problem:
            yield Finding(f"qemu {arch}", False, str(problem))
            continue
        yield Finding(f"qemu {arch}", True, f"{binary.path}, version {binary.version}", {"version": binary.version})
        facts = {"name": accelerator.name, "reason": accelerator.reason, **accelerator.facts}
        yield Finding(f"accelerator {arch}", True, f"{accelerator.name}: {accelerator.reason}", facts)


def _firmware(cells: list[Cell]) -> Iterator[Finding]:
    wanted = {(cell.target.arch, cell.target.machine.type) for cell in cells if cell.target.machine.firmware == "uefi"}
    for arch, machine in sorted(wanted):
        try:
            firmware = uefi_of(arch, machine)
        except BootmatrixError as problem:
            yield Finding(f"uefi {arch} {machine}", False, str(problem))
        else:
            yield Finding(f"uefi {arch} {machine}", True, str(firmware.code))


def _store(store: Store) -> Iterator[Finding]:
    existing = next(path for path in (store.root, *store.root.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        yield Finding("store", False, f"{store.root} cannot be written; set BOOTMATRIX_CACHE to a folder of yours")
        return
    free = shutil.disk_usage(existing).free
    text = f"{store.root}, {free >> 20} MiB free"
    if free < ROOM_WANTED:
        text += f"; a whole matrix needs {ROOM_WANTED >> 20} MiB: free some, or set BOOTMATRIX_CACHE"
    yield Finding("store", free >= ROOM_WANTED, text, {"free": free})
    damages = store.verify()
    if damages:
        names = ", ".join(f"{damage.kind}/{damage.key[:12]} ({damage.what})" for damage in damages)
        yield Finding("artefacts", True, f"damaged, and made again when they are needed: {names}")
    else:
        yield Finding("artefacts", True, "every one is as it was made")
