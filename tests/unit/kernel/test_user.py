"""Kernel files of the user's, by their first bytes."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.kernel.magic import kind_of
from harness.kernel.user import user_kernel
from harness.words import Arch


def put(*parts: tuple[int, bytes], size: int = 4096) -> bytes:
    data = bytearray(size)
    for at, part in parts:
        data[at : at + len(part)] = part
    return bytes(data)


def bzimage(flags: int = 1, protocol: int = 0x20F) -> bytes:
    return put(
        (0x1FE, b"\x55\xaa"), (0x202, b"HdrS" + struct.pack("<H", protocol)), (0x20E, struct.pack("<H", 0x400)),
        (0x236, struct.pack("<H", flags)), (0x600, b"6.1.0-9-amd64 (builder@host) #1\0"),
    )  # fmt: skip


def elf(machine: int, bits: int = 2, order: int = 1) -> bytes:
    number = struct.pack("<H" if order == 1 else ">H", machine)
    return put((0, b"\x7fELF" + bytes([bits, order])), (18, number))


def efi(machine: int, head: bytes = b"MZ") -> bytes:
    return put((0, head), (0x3C, struct.pack("<I", 0x80)), (0x80, b"PE\0\0" + struct.pack("<H", machine)))


ARM64 = put((0, b"MZ"), (0x38, b"ARM\x64"))
ZIMAGE = put((0x24, b"\x18\x28\x6f\x01"))


@pytest.mark.parametrize(
    ("data", "arch", "name"),
    [
        (bzimage(), "x86_64", "x86 bzImage"),
        (bzimage(flags=0), "i386", "x86 bzImage"),
        (bzimage(protocol=0x204), "i386", "x86 bzImage"),
        (ARM64, "arm64", "arm64 Image"),
        (gzip.compress(ARM64, mtime=0), "arm64", "gzip of an arm64 Image"),
        (efi(0xAA64, b"MZ\0\0zimg"), "arm64", "EFI zboot image"),
        (efi(0x8664), "x86_64", "EFI program"),
        (efi(0x6264), "loongarch64", "EFI program"),
        (ZIMAGE, "armhf", "arm zImage"),
        (put((0, b"MZ"), (0x24, b"\x18\x28\x6f\x01")), "armhf", "arm zImage"),
        (put((0x30, b"RISCV\0\0\0"), (0x38, b"RSC\x05")), "riscv64", "riscv Image"),
        (put((0x10008, b"S390EP"), size=1 << 17), "s390x", "s390 image"),
        (elf(62), "x86_64", "ELF vmlinux"),
        (elf(183), "arm64", "ELF vmlinux"),
        (elf(40, bits=1), "armhf", "ELF vmlinux"),
        (elf(243), "riscv64", "ELF vmlinux"),
        (elf(243, bits=1), "riscv32", "ELF vmlinux"),
        (elf(22, order=2), "s390x", "ELF vmlinux"),
        (elf(21), "ppc64le", "ELF vmlinux"),
        (elf(21, order=2), "ppc64", "ELF vmlinux"),
    ],
)
def test_kinds(data: bytes, arch: str, name: str) -> None:
    kind = kind_of(data)
    assert kind is not None
    assert (kind.architecture, kind.name) == (arch, name)


@pytest.mark.parametrize(
    "data", [b"", b"MZ", b"\x7fELF", b"\x1f\x8b", gzip.compress(b"text", mtime=0), b"\0" * 4096, b"#!/bin/sh\n"]
)
def test_no_kernel(data: bytes) -> None:
    assert kind_of(data) is None


def test_every_prefix_is_survived() -> None:
    for data in (bzimage(), ARM64, efi(0xAA64), elf(62), gzip.compress(ARM64, mtime=0)):
        for size in (*range(100), *range(0x1F0, 0x240), 0x600, 0x610):
            kind_of(data[:size])


def test_artifact(tmp_path: Path) -> None:
    (tmp_path / "vmlinuz").write_bytes(bzimage())
    kernel = user_kernel(tmp_path / "vmlinuz", Arch.X86_64)
    assert kernel.release == "6.1.0-9-amd64"
    assert (kernel.arch, kernel.modules, kernel.config) == (Arch.X86_64, None, None)
    key = kernel.key
    (tmp_path / "vmlinuz").write_bytes(bzimage() + b"more")
    assert user_kernel(tmp_path / "vmlinuz", Arch.X86_64).key != key


def test_other_arch(tmp_path: Path) -> None:
    (tmp_path / "Image").write_bytes(ARM64)
    with pytest.raises(InputError, match=r"Image: is a kernel for arm64 .*, the target is x86_64"):
        user_kernel(tmp_path / "Image", Arch.X86_64)


def test_armel_takes_any_32_bit_arm_kernel(tmp_path: Path) -> None:
    (tmp_path / "zImage").write_bytes(ZIMAGE)
    assert user_kernel(tmp_path / "zImage", Arch.ARMEL).arch is Arch.ARMEL
    (tmp_path / "Image").write_bytes(ARM64)
    with pytest.raises(InputError, match=r"is a kernel for arm64 \(arm64 Image\), the target is armel"):
        user_kernel(tmp_path / "Image", Arch.ARMEL)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "0 bytes"),
        (b"hello", "not a kernel"),
        (b"\x27\x05\x19\x56" + bytes(100), "U-Boot uImage"),
        (b"070701" + bytes(200), "initrd"),
        (put((0x1FE, b"\x55\xaa")), "disk image"),
    ],
)
def test_wrong_files(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        user_kernel(tmp_path / "file", Arch.ARM64)
    assert str(tmp_path / "file") in str(caught.value)


def test_no_ordinary_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, message in (
        (tmp_path / "missing", "no such kernel file"),
        (tmp_path, "is a folder"),
        (tmp_path / "fifo", "not an ordinary file"),
        (tmp_path / "fifo" / "below", "cannot be read"),
    ):
        with pytest.raises(InputError, match=message):
            user_kernel(path, Arch.ARM64)


def pe(size: int) -> bytes:
    """An arm64 Image with one section that ends at `size`."""
    head = b"PE\0\0" + struct.pack("<HH12xHH", 0xAA64, 1, 0, 0) + bytes(16) + struct.pack("<II16x", size - 512, 512)
    return put((0, b"MZ"), (0x38, b"ARM\x64"), (0x3C, struct.pack("<I", 0x80)), (0x80, head))


@pytest.mark.parametrize(
    ("head", "arch"),
    [
        (put((0, bzimage()), (0x1F1, b"\x01"), (0x1F4, struct.pack("<I", (9000 - 1024) // 16 + 1))), Arch.X86_64),
        (put((0, ZIMAGE), (0x28, struct.pack("<II", 4096, 4096 + 9000))), Arch.ARMHF),
        (pe(9000), Arch.ARM64),
    ],
    ids=["bzImage", "zImage", "PE"],
)
def test_a_kernel_that_was_cut_short(tmp_path: Path, head: bytes, arch: Arch) -> None:
    path = tmp_path / "kernel"
    path.write_bytes(head + bytes(9008 - len(head)))
    assert user_kernel(path, arch).arch is arch
    path.write_bytes(head)
    with pytest.raises(InputError, match=r"cut short: it has 4096 bytes, and by its header 900\d"):
        user_kernel(path, arch)
