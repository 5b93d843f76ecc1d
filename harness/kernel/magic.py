"""What a file is, by its first bytes: every form in which a Linux kernel meets a boot loader."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from harness.words import Arch

HEAD = 1 << 17  # bytes that tell; s390 has its mark at 64 KiB


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` for people, `arch` as one of ours or None, `machine` its name where it is none of ours."""

    name: str
    arch: Arch | None
    machine: str = ""
    release: str = ""

    @property
    def architecture(self) -> str:
        """The architecture for people."""
        return str(self.arch) if self.arch else self.machine or "an unknown architecture"


_PE = {0x8664: "x86_64", 0xAA64: "arm64", 0x01C2: "armhf", 0x01C0: "armhf", 0x5064: "riscv64", 0x14C: "i386",
       0x6264: "loongarch64"}  # fmt: skip
_ELF = {62: "x86_64", 183: "arm64", 40: "armhf", 243: "riscv64", 22: "s390x", 3: "i386", 8: "mips", 258: "loongarch64"}


def kind_of(head: bytes) -> Kind | None:
    """The kind of kernel that starts with these bytes (give `HEAD` of them); None for anything else."""
    if head[0x202:0x206] == b"HdrS" and head[0x1FE:0x200] == b"\x55\xaa" and len(head) >= 0x264:
        return _bzimage(head)
    if head[4:8] == b"zimg" and head[:2] == b"MZ":
        return _kind("EFI zboot image", _pe_machine(head))
    if head[0x38:0x3C] == b"ARM\x64":
        return Kind("arm64 Image", Arch.ARM64)
    if head[0x30:0x38] == b"RISCV\0\0\0" or head[0x38:0x3C] == b"RSC\x05":
        return Kind("riscv Image", Arch.RISCV64)
    if head[0x24:0x28] == b"\x18\x28\x6f\x01":
        return Kind("arm zImage", Arch.ARMHF)
    if head[:4] == b"\x7fELF" and len(head) >= 20:
        return _elf(head)
    if head[0x10008:0x1000E] == b"S390EP":
        return Kind("s390 image", Arch.S390X)
    if head[:2] == b"MZ" and (machine := _pe_machine(head)):
        return _kind("EFI program", machine)
    if head[:2] == b"\x1f\x8b":
        return _gzipped(head)
    return None


def other(head: bytes) -> str | None:
    """What a file that is no kernel may be, for a helpful message."""
    for magic, name in (
        (b"\x27\x05\x19\x56", "a U-Boot uImage; take the kernel out of it (dumpimage)"),
        (b"\xd0\x0d\xfe\xed", "a device tree or FIT image"),
        (b"070701", "a cpio archive, perhaps an initrd"),
        (b"\x28\xb5\x2f\xfd", "a zstd file; unpack it"),
        (b"\xfd7zXZ\0", "an xz file; unpack it"),
        (b"!<arch>", "a Debian package or ar archive"),
        (b"#!", "a script"),
    ):
        if head.startswith(magic):
            return name
    return "an ISO or disk image; boot it with --iso or --disk" if head[0x1FE:0x200] == b"\x55\xaa" else None


def _kind(name: str, machine: str, release: str = "") -> Kind:
    known = machine in Arch._value2member_map_
    return Kind(name, Arch(machine) if known else None, machine, release)


def _bzimage(head: bytes) -> Kind:
    protocol, pointer = struct.unpack_from("<H", head, 0x206)[0], struct.unpack_from("<H", head, 0x20E)[0]
    flags = struct.unpack_from("<H", head, 0x236)[0]
    wide = protocol >= 0x20C and flags & 1  # XLF_KERNEL_64
    text = head[pointer + 0x200 : pointer + 0x280].split(b"\0")[0] if pointer else b""
    word = text.decode("ascii", "replace").split(" ")[0]
    release = word if word.isprintable() and len(word) < 100 else ""
    return _kind("x86 bzImage", "x86_64" if wide else "i386", release)


def _elf(head: bytes) -> Kind:
    little = head[5] == 1
    machine = struct.unpack_from("<H" if little else ">H", head, 18)[0]
    if machine == 21:
        return _kind("ELF vmlinux", "ppc64le" if little else "ppc64")
    name = _ELF.get(machine, f"ELF machine {machine}")
    return _kind("ELF vmlinux", "riscv32" if name == "riscv64" and head[4] != 2 else name)


def _pe_machine(head: bytes) -> str:
    if len(head) < 0x40:
        return ""
    at = struct.unpack_from("<I", head, 0x3C)[0]
    if head[at : at + 4] != b"PE\0\0" or len(head) < at + 6:
        return ""
    machine = struct.unpack_from("<H", head, at + 4)[0]
    return _PE.get(machine, f"PE machine {machine:#x}")


def _gzipped(head: bytes) -> Kind | None:
    try:
        inner = kind_of(zlib.decompressobj(31).decompress(head, HEAD))
    except zlib.error:
        return None
    return Kind(f"gzip of an {inner.name}", inner.arch, inner.machine, inner.release) if inner else None
