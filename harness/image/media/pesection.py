"""The last section of an EFI program gets its bytes from a file, whatever its size.

ukify holds a program several times in memory: an initrd of 300 MB takes more than a gigabyte. So it makes one with an
initrd of one byte, and the headers (Microsoft's PE/COFF specification) are set here as it would have set them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pefile  # type: ignore[import-untyped]

from harness.errors import HostError, InputError

_MAX = 0xFFFFFFFF  # a size in these headers has 32 bits


def replace_last(program: Path, name: str, content: Path) -> None:
    """Give the section `name` of a program these bytes. Raises InputError where they are too many, HostError where it
    is not the last one."""
    size = content.stat().st_size
    with pefile.PE(str(program), fast_load=True) as found:
        section = found.sections[-1]
        if section.Name.rstrip(b"\0") != name.encode():
            raise HostError(f"ukify wrote {program.name} with another last section than {name}")
        header = found.OPTIONAL_HEADER
        if section.VirtualAddress + size > _MAX - header.SectionAlignment:
            raise InputError(f"an initrd of {size} bytes does not fit an EFI program, which has 4 GiB at most")
        at = section.PointerToRawData
        header.SizeOfInitializedData += size - section.Misc_VirtualSize
        section.Misc_VirtualSize = size
        section.SizeOfRawData = _up(size, header.FileAlignment)
        header.SizeOfImage = _up(section.VirtualAddress + size, header.SectionAlignment)
        padding = section.SizeOfRawData - size
        head = bytes(found.write())[:at]
    with program.open("wb") as out, content.open("rb") as source:
        out.write(head)
        shutil.copyfileobj(source, out, 1 << 20)
        out.write(bytes(padding))


def _up(number: int, unit: int) -> int:
    return -(-number // unit) * unit
