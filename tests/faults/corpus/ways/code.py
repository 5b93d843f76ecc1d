"""Kernels whose code is broken: instructions of a matched arm64 kernel that are others, found by its System.map."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

from harness.image.assemble import assemble
from harness.store import Store
from tests.faults.corpus.fault import Scene, Way

FOREVER = 0x14000000  # b .
UNDEFINED = 0x00000000  # udf #0


def patched(function: str, instruction: int) -> Way:
    """The first instruction of a function is this one. The kernel is built from source, if the store has it not yet."""

    def way(scene: Scene) -> Scene:
        cell = scene.cell
        files = assemble(cell.target, cell.image, "matched", cell.media, Store())
        assert files.kernel.system_map
        text = files.kernel.system_map.read_text()
        places = {name: int(at, 16) for at, name in re.findall(r"^([0-9a-f]+) \w ([\w.]+)$", text, re.MULTILINE)}
        code = bytearray(files.kernel.image.read_bytes())
        struct.pack_into("<I", code, places[function] - places["_text"], instruction)
        folder = scene.folder / f"{function}-patched"
        folder.mkdir()
        path = folder / f"vmlinuz-{files.kernel.release}"
        path.write_bytes(code)
        for what, source in (("System.map", files.kernel.system_map), ("config", files.kernel.config)):
            assert source
            (folder / f"{what}-{files.kernel.release}").write_bytes(source.read_bytes())
        return replace(scene, foreign=True, kernel=path, initrd=files.initrd)

    return way
