"""Kernels whose code is broken: instructions of an arm64 kernel that are others, found by its symbols."""

from __future__ import annotations

import re
import shutil
import struct
from dataclasses import replace

from harness.forensics.kallsyms import Kallsyms
from harness.image.assemble import assemble
from harness.store import Store
from tests.faults.corpus.fault import Scene, Way

_STEXT = 0x10000  # behind the begin of an arm64 image, and what the addresses in its file count from
FOREVER = 0x14000000  # b .
UNDEFINED = 0x00000000  # udf #0
MASKED = 0xD5034FDF  # msr daifset, #15


def debian(function: str, *instructions: int) -> Way:
    """The first instructions of a function of Debian's arm64 kernel are these; its own table tells where it is."""

    def way(scene: Scene) -> Scene:
        image = scene.files.kernel.image.read_bytes()
        table = Kallsyms.find(image, word=8, runs=False)
        assert table
        places = {name: address for address, name in table}
        code = bytearray(image)
        struct.pack_into(f"<{len(instructions)}I", code, places[function] + _STEXT, *instructions)
        path = scene.folder / f"vmlinuz-{scene.files.kernel.release}"
        path.write_bytes(code)
        shutil.copyfile(
            scene.files.kernel.image.parent / "config", scene.folder / f"config-{scene.files.kernel.release}"
        )
        return replace(scene, foreign=True, kernel=path)

    return way


def matched(scene: Scene) -> Scene:
    """The kernel that is built for the machine, its drivers in it, as a user's own."""
    cell = scene.cell
    files = assemble(cell.target, cell.image, "matched", cell.media, Store())
    path = scene.folder / f"vmlinuz-{files.kernel.release}"
    shutil.copyfile(files.kernel.image, path)
    assert files.kernel.config
    shutil.copyfile(files.kernel.config, scene.folder / f"config-{files.kernel.release}")
    return replace(scene, files=files, foreign=True, kernel=path)


def configured(*symbols: str) -> Way:
    """What is asked of a matched kernel besides: lines of a fragment."""

    def way(scene: Scene) -> Scene:
        folder = scene.folder / "fragment"
        folder.mkdir()
        (folder / "kernel.config").write_text("".join(f"CONFIG_{symbol}\n" for symbol in symbols))
        target = scene.cell.target
        return replace(scene, cell=replace(scene.cell, target=target.found_in((*target.folders, folder))))

    return way


def patched(function: str, *instructions: int) -> Way:
    """A function begins with these instructions. The kernel is built from source, if the store has it not yet."""

    def way(scene: Scene) -> Scene:
        cell = scene.cell
        files = assemble(cell.target, cell.image, "matched", cell.media, Store())
        assert files.kernel.system_map
        text = files.kernel.system_map.read_text()
        places = {name: int(at, 16) for at, name in re.findall(r"^([0-9a-f]+) \w ([\w.]+)$", text, re.MULTILINE)}
        code = bytearray(files.kernel.image.read_bytes())
        struct.pack_into(f"<{len(instructions)}I", code, places[function] - places["_text"], *instructions)
        folder = scene.folder / f"{function}-patched"
        folder.mkdir()
        path = folder / f"vmlinuz-{files.kernel.release}"
        path.write_bytes(code)
        for what, source in (("System.map", files.kernel.system_map), ("config", files.kernel.config)):
            assert source
            (folder / f"{what}-{files.kernel.release}").write_bytes(source.read_bytes())
        return replace(scene, foreign=True, kernel=path, initrd=files.initrd)

    return way
