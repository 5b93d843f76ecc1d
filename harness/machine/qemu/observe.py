"""A look at a guest that is stuck, by QMP: registers of each CPU twice, and its RAM in files of ours."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from qemu.qmp import QMPError

from harness.machine.observation import Observation
from harness.machine.qemu.qmp import Monitor

BETWEEN_LOOKS = 0.05  # seconds in which a CPU that runs moves on; nothing can be awaited of one that does not
MOST_RAM = 1 << 30  # bytes; more would take longer than the answer is worth
SMALLEST_RAM = 8 << 20  # bytes; below are firmware's and devices' own
_RAM = re.compile(r"^ *([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, ram\)", re.MULTILINE)


async def observe_guest(monitor: Monitor, folder: Path | None) -> Observation:
    """Raises QMPError when QEMU does not answer. Dumps go to `folder`, readable by us alone.

    None: QEMU writes no file that we could read, so its RAM and its display stay unseen.
    """
    count = len(await monitor.execute("query-cpus-fast"))
    first = await _registers(monitor, count)
    await asyncio.sleep(BETWEEN_LOOKS)
    second = await _registers(monitor, count)
    await monitor.execute("stop")
    if folder is None:
        return Observation((first, second))
    screen = await _screen(monitor, folder / "screen.png")
    ranges, more = ram_ranges(await _ask(monitor, "info mtree -f"))
    dumps: list[Path] = []
    try:
        complete = await _dump(monitor, ranges, folder, dumps)
    except BaseException:  # out of time, or interrupted: nobody looks at what is there
        for path in dumps:
            path.unlink(missing_ok=True)
        raise
    return Observation((first, second), tuple(dumps), more or not complete, screen)


async def _dump(monitor: Monitor, ranges: list[tuple[int, int]], folder: Path, dumps: list[Path]) -> bool:
    """Each range to a file, which `dumps` has from its first moment. Whether there was room for all."""
    for number, (start, size) in enumerate(ranges):
        path = folder / f"memory{number}.bin"
        path.touch(mode=0o600)
        dumps.append(path)
        try:
            await monitor.execute("pmemsave", val=start, size=size, filename=str(path))
        except QMPError:  # a full disk: what was dumped already is looked at
            return False
    return True


async def _screen(monitor: Monitor, path: Path) -> Path | None:
    """What the display shows. None for a machine without one, which QEMU refuses to dump."""
    try:
        await monitor.execute("screendump", filename=str(path), format="png")
    except QMPError:
        return None
    return path


async def _registers(monitor: Monitor, count: int) -> tuple[str, ...]:
    return tuple([await _ask(monitor, "info registers", cpu) for cpu in range(count)])


async def _ask(monitor: Monitor, command: str, cpu: int = 0) -> str:
    return str(await monitor.execute("human-monitor-command", **{"command-line": command, "cpu-index": cpu}))


def ram_ranges(tree: str) -> tuple[list[tuple[int, int]], bool]:
    """Start and size of the guest's RAM by `info mtree -f`, each once; and whether there is more than `MOST_RAM`."""
    found: dict[tuple[int, int], None] = {}
    for match in _RAM.finditer(tree):
        start, end = int(match[1], 16), int(match[2], 16)
        if end - start + 1 >= SMALLEST_RAM:
            found[start, end - start + 1] = None
    kept: list[tuple[int, int]] = []
    room = MOST_RAM
    for start, size in found:
        if room == 0:
            return kept, True
        kept.append((start, min(size, room)))
        room -= min(size, room)
    return kept, sum(size for _, size in kept) < sum(size for _, size in found)
