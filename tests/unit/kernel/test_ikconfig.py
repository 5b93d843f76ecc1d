"""The configuration inside a kernel image, in every form a kernel comes in that Python can unpack."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from pathlib import Path

import lz4.block
import pytest
import zstandard

from harness.kernel.ikconfig import embedded_config
from harness.kernel.user import configured, user_kernel
from harness.store import Store
from harness.words import Arch

CONFIG = "# Linux/arm64 6.1.0 Kernel Configuration\nCONFIG_TTY=y\n"


def vmlinux(config: str = CONFIG, before: int = 3_000_000) -> bytes:
    """Something of a kernel's size, with the marks in the middle of it."""
    noise = bytes(range(256)) * (before // 256)
    return noise + b"IKCFG_ST" + gzip.compress(config.encode()) + b"IKCFG_ED" + noise[:5000]


def arm64(payload: bytes = b"") -> bytes:
    head = bytearray(64)
    head[0x38:0x3C] = b"ARM\x64"
    return bytes(head) + payload


def bzimage(payload: bytes) -> bytes:
    """Documentation/arch/x86/boot.rst: setup_sects, boot_flag, header, version, kernel_version, xloadflags, payload."""
    head = bytearray(2 * 512)
    head[0x1F1] = 1
    head[0x1FE:0x200] = b"\x55\xaa"
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x206, 0x20F)
    struct.pack_into("<H", head, 0x236, 1)
    struct.pack_into("<I", head, 0x248, 0x300)
    return bytes(head) + bytes(0x300) + payload


def zboot(payload: bytes) -> bytes:
    head = bytearray(0x100)
    head[0:2], head[4:8] = b"MZ", b"zimg"
    struct.pack_into("<II", head, 8, 0x100, len(payload))
    struct.pack_into("<I", head, 0x3C, 0x40)
    head[0x40:0x44] = b"PE\0\0"
    struct.pack_into("<H", head, 0x44, 0xAA64)
    return bytes(head) + payload


def legacy_lz4(data: bytes, block: int = 8 << 20) -> bytes:
    """As `lz4 -l` packs it, with the size behind it that the build of an x86 kernel appends."""
    packed = [lz4.block.compress(data[at : at + block], store_size=False) for at in range(0, len(data), block)]
    frame = b"\x02\x21\x4c\x18" + b"".join(struct.pack("<I", len(one)) + one for one in packed)
    return frame + struct.pack("<I", len(data))


PACKED = {
    "lz4": legacy_lz4(vmlinux()),
    "gzip": gzip.compress(vmlinux()),
    "zstd": zstandard.compress(vmlinux()),
    "xz": lzma.compress(vmlinux()),
    "lzma": lzma.compress(vmlinux(), format=lzma.FORMAT_ALONE),
    "bzip2": bz2.compress(vmlinux()),
}


@pytest.mark.parametrize("form", PACKED)
@pytest.mark.parametrize(
    "image", [bzimage, zboot, lambda payload: b"\xe1\xa0" * 4000 + payload], ids=["bzImage", "zboot", "zImage"]
)
def test_a_packed_image(tmp_path: Path, form: str, image: object) -> None:
    path = tmp_path / "kernel"
    path.write_bytes(image(PACKED[form]))  # type: ignore[operator]
    assert embedded_config(path) == CONFIG


@pytest.mark.parametrize("data", [arm64(vmlinux()), gzip.compress(arm64(vmlinux()))], ids=["Image", "Image.gz"])
def test_plain_and_gzipped(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "kernel"
    path.write_bytes(data)
    assert embedded_config(path) == CONFIG


def test_lz4_of_several_blocks(tmp_path: Path) -> None:
    path = tmp_path / "kernel"
    path.write_bytes(bzimage(legacy_lz4(bytes((8 << 20) - 20) + vmlinux())))
    assert embedded_config(path) == CONFIG


@pytest.mark.parametrize("shift", range(-12, 13))
def test_marks_across_two_reads(tmp_path: Path, shift: int) -> None:
    path = tmp_path / "kernel"
    path.write_bytes(bytes((1 << 20) + shift) + vmlinux(before=0))
    assert embedded_config(path) == CONFIG


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(100_000),
        b"\x1f\x8b\x08" * 50_000,
        b"\x28\xb5\x2f\xfd" * 50_000,
        b"IKCFG_ST\x1f\x8b" + b"x" * 1000,
        b"IKCFG_ST" + gzip.compress(b"nothing of a configuration", mtime=0) + b"IKCFG_ED",
        bzimage(PACKED["zstd"][:60]),
        b"\x02\x21\x4c\x18" * 50_000,
        bzimage(PACKED["lz4"][:60]),
        bzimage(PACKED["lz4"][:12] + b"\xff" * (len(PACKED["lz4"]) - 12)),
        bzimage(b"\x02\x21\x4c\x18" + struct.pack("<I", 0xFFFFFFF0) + bytes(100)),
    ],
    ids=[
        "empty",
        "zeros",
        "many gzip",
        "many zstd",
        "damaged",
        "no config",
        "cut",
        "many lz4",
        "cut lz4",
        "damaged lz4",
        "a block too large",
    ],
)
def test_what_has_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "kernel"
    path.write_bytes(data)
    assert embedded_config(path) is None


def test_a_configuration_that_would_fill_the_memory_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "kernel"
    path.write_bytes(arm64(b"IKCFG_ST" + gzip.compress(b"CONFIG_A=y\n" + bytes(64 << 20)) + b"IKCFG_ED"))
    found = embedded_config(path)
    assert found
    assert len(found) == 4 << 20


def _config_of(path: Path, store: Store) -> Path | None:
    return configured(user_kernel(path, Arch.ARM64), store).config


def test_inside_comes_before_beside(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "vmlinuz-6.1.0"
    path.write_bytes(arm64(vmlinux()))
    (tmp_path / "config-6.1.0").write_text("CONFIG_OTHER=y\n")
    found = _config_of(path, store)
    assert found
    assert found.read_text() == CONFIG


def test_beside_as_in_boot(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "vmlinuz-6.1.0"
    path.write_bytes(arm64())
    (tmp_path / "config-6.1.1").write_text("CONFIG_OTHER=y\n")
    assert _config_of(path, store) is None
    (tmp_path / "config-6.1.0").write_text(CONFIG)
    assert _config_of(path, store) == tmp_path / "config-6.1.0"


def test_of_a_source_tree_if_its_version_is_the_kernels(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "arch" / "arm64" / "boot"
    folder.mkdir(parents=True)
    image = bytearray(bzimage(b""))
    struct.pack_into("<H", image, 0x20E, 0x280)
    image[0x480:0x48A] = b"6.1.0+ me\0"
    path = folder / "bzImage"
    path.write_bytes(image)
    (tmp_path / ".config").write_text("#\n# Linux/x86_64 6.0.9 Kernel Configuration\nCONFIG_TTY=y\n")
    kernel = user_kernel(path, Arch.X86_64)
    assert configured(kernel, store).config is None
    (tmp_path / ".config").write_text("#\n# Linux/x86_64 6.1.0 Kernel Configuration\nCONFIG_TTY=y\n")
    assert configured(kernel, store).config == tmp_path / ".config"
