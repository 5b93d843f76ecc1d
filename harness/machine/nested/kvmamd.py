"""KVM's module for AMD, made to keep an interception, so that UEFI can run in a machine inside another.

KVM lets a guest write CR8 unseen unless an interrupt waits for that. EDK II writes it at the end of each interrupt, and
QEMU (10.0 to 11.1 were tried), which emulates the processor that this KVM runs on, ends there when KVM has asked to be
told of the next moment for an interrupt ("assertion failed: (bql_locked())"). A write that is intercepted is KVM's to
carry out, and KVM sets that interception for each new processor: what takes it away is one function, which returns at
once here. It only ever decided how soon an interrupt is seen, and with the interception it is seen at once.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from harness.errors import HostError

FILE = "kvm-amd.ko"
_FUNCTION = "svm_update_cr8_intercept"
_SIGNED = b"~Module signature appended~\n"
_LANDING = b"\xf3\x0f\x1e\xfa"  # endbr64
_CALL, _CALL_SIZE = 0xE8, 5  # of __fentry__: the kernel writes a no-operation over it
_RETURN = 0xC3
_WHOLE_ADDRESS = 1  # R_X86_64_64; the others that a module has are of four bytes


def keeping_cr8_intercept(module: bytes) -> bytes:
    """The unpacked module `kvm-amd.ko`, changed by one byte, and without the signature that this makes wrong.

    Raises HostError where the module is not what this is written for.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    plain = bytearray(_unsigned(module))
    try:
        place = _first_instruction(ELFFile(io.BytesIO(plain)), plain)
    except (ELFError, ValueError, IndexError) as problem:
        raise HostError(
            f"{FILE} of the outer machine's kernel cannot be made to keep the interception of CR8: {problem}",
            hint="give the outer machine (targets/_nested-x86_64) another kernel",
        ) from None
    plain[place] = _RETURN
    return bytes(plain)


def _unsigned(module: bytes) -> bytes:
    """A signature, its 12 bytes of description, which end with its size, and a mark are all behind the file itself."""
    if not module.endswith(_SIGNED):
        return module
    described = len(module) - len(_SIGNED)
    size = int.from_bytes(module[described - 4 : described], "big")
    return module[: max(0, described - 12 - size)]


def _first_instruction(elf: Any, data: bytearray) -> int:
    """Where in the file the function's own first instruction is. Raises ValueError where it must stay."""
    section, start, size = _function(elf)
    place: int = section["sh_offset"] + start
    end = place + size
    if data[place : place + len(_LANDING)] == _LANDING:
        place += len(_LANDING)
    if data[place] == _CALL:
        place += _CALL_SIZE
    if not place < end <= len(data):
        raise ValueError(f"{_FUNCTION} is too short")
    if any(place - section["sh_offset"] in relocated for relocated in _relocations(elf, section)):
        raise ValueError(f"the first instruction of {_FUNCTION} is relocated")
    return place


def _function(elf: Any) -> tuple[Any, int, int]:
    """Its section, and its offset and size there."""
    table = elf.get_section_by_name(".symtab")
    found = table.get_symbol_by_name(_FUNCTION) if table else None
    if not found or len(found) != 1 or found[0]["st_info"]["type"] != "STT_FUNC":
        raise ValueError(f"it has no function {_FUNCTION}")
    symbol = found[0]
    if not isinstance(symbol["st_shndx"], int):
        raise ValueError(f"{_FUNCTION} is in no section")
    return elf.get_section(symbol["st_shndx"]), symbol["st_value"], symbol["st_size"]


def _relocations(elf: Any, section: Any) -> Iterator[range]:
    """Where in the section the kernel writes an address when it loads the module."""
    table = elf.get_section_by_name(f".rela{section.name}")
    for one in table.iter_relocations() if table else ():
        yield range(one["r_offset"], one["r_offset"] + (8 if one["r_info_type"] == _WHOLE_ADDRESS else 4))
