"""Disks: tables, loaders in front of them, and the ids that hypervisors' formats take from chance."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import HostError, InputError
from harness.image.entries import file
from harness.image.media import tools, vhd, vhdx, vmdk
from harness.image.media.grub import disk_script, install_in_mbr, quoted
from harness.image.media.partitions import ESP, FAT32_LBA, Partition, Table, script_of, write_disk
from harness.image.media.uki import efi_file
from harness.image.writing import format_of, write_image
from harness.words import Arch
from tests.unit.image.fakes import KERNEL
from tests.unit.image.test_formats import YAML, job

MIB = 1 << 20


def partition(tmp_path: Path, kind: str = ESP) -> Partition:
    content = tmp_path / "content"
    content.write_bytes(b"begin".ljust(3 * MIB - 3, b"\0") + b"end")
    return Partition(kind, "boot", content, active=True)


def table_of(disk: Path) -> dict[str, object]:
    return dict(json.loads(tools.run("sfdisk", "--json", disk))["partitiontable"])


def test_a_gpt_holds_its_partition(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    write_disk(disk, Table.GPT, [partition(tmp_path)], unit=16 * MIB)
    assert disk.stat().st_size == 16 * MIB
    data = disk.read_bytes()
    assert data[MIB : MIB + 5] == b"begin"
    assert data[4 * MIB - 3 : 4 * MIB] == b"end"
    table = table_of(disk)
    assert table["label"] == "gpt"
    assert "lastlba" in table
    (found,) = table["partitions"]  # type: ignore[misc]
    assert (found["start"], found["size"], found["type"], found["name"]) == (2048, 6144, ESP, "boot")
    assert data[-512:].startswith(b"EFI PART"), "the second half of the table stands at the disk's end"


def test_an_mbr_holds_grub_and_its_partition(tmp_path: Path) -> None:
    disk, core = tmp_path / "disk", tmp_path / "core"
    write_disk(disk, Table.MBR, [partition(tmp_path, FAT32_LBA)])
    core.write_bytes(b"CORE")
    before = disk.read_bytes()
    install_in_mbr(disk, core)
    after = disk.read_bytes()
    assert before[440:512] == after[440:512], "the table is no place for a boot loader"
    assert after[512:516] == b"CORE"
    (found,) = table_of(disk)["partitions"]  # type: ignore[misc]
    assert found["bootable"]
    core.write_bytes(bytes(MIB))
    with pytest.raises(InputError, match="room for 1048064"):
        install_in_mbr(disk, core)


def test_ids_follow_what_is_in_the_disk(tmp_path: Path) -> None:
    one = partition(tmp_path)
    first, again, other = (script_of(Table.GPT, [one], [MIB], digest) for digest in ("a", "a", "b"))
    assert first == again
    ids = [re.findall(r"(?:uuid=|label-id: )(\S+?)[,\n]", text) for text in (first, other)]
    assert len({*ids[0], *ids[1]}) == 4


def test_an_mbr_ends_at_two_tebibytes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2097152 MiB is too large for an MBR"):
        write_disk(tmp_path / "disk", Table.MBR, [partition(tmp_path)], unit=2 << 40)
    assert not (tmp_path / "disk").exists()


def test_a_command_line_stays_words_in_grub() -> None:
    assert quoted("a  b='c d' $x;y") == r"'a' 'b='\''c' 'd'\''' '$x;y'"
    assert "'quiet'" in disk_script("quiet")
    with pytest.raises(InputError, match="control character"):
        quoted("quiet\ninsmod evil")


def test_a_missing_tool_names_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "_SYSTEM", ())
    with pytest.raises(HostError, match="xorriso is not installed; install the package xorriso"):
        tools.run("xorriso")
    assert all(package for package in tools.PACKAGES.values())


def test_a_tool_that_fails_tells_why(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"mcopy failed: .*none"):
        tools.run("mcopy", "-i", tmp_path / "none", "::/x", tmp_path / "x")
    with pytest.raises(HostError, match="tar failed: "):
        tools.feed(
            [tools.program("tar"), "--extract", f"--directory={tmp_path}"], lambda out: out.write(b"x" * 9999999)
        )


def converted(tmp_path: Path, driver: str, *options: str) -> Path:
    raw, path = tmp_path / "raw", tmp_path / f"disk.{driver}"
    raw.write_bytes(b"x" * MIB)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", driver, *options, raw, path], check=True)
    return path


def check(path: Path, driver: str) -> str:
    done = subprocess.run(["qemu-img", "info", "-f", driver, path], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_vhd_keeps_its_checksum(tmp_path: Path) -> None:
    path = converted(tmp_path, "vpc", "-o", "subformat=fixed,force_size=on")
    vhd.settle(path, "one")
    footer = path.read_bytes()[-512:]
    assert struct.unpack_from(">I", footer, 64)[0] == ~(sum(footer) - sum(footer[64:68])) & 0xFFFFFFFF
    assert "virtual size: 1 MiB" in check(path, "vpc")
    vhd.settle(path, "two")
    assert path.read_bytes()[-512:] != footer
    with pytest.raises(HostError, match="without a footer"):
        vhd.settle(tmp_path / "raw", "one")


def test_a_vhdx_keeps_its_checksums(tmp_path: Path) -> None:
    assert vhdx.crc32c(b"123456789") == 0xE3069283, "the check value of Castagnoli's CRC"
    path = converted(tmp_path, "vhdx")
    vhdx.settle(path, "one")
    done = subprocess.run(["qemu-img", "check", "-f", "vhdx", path], capture_output=True, text=True, check=True)
    assert "No errors" in done.stdout
    assert path.read_bytes()[MIB : 2 * MIB] == bytes(MIB), "the log"


def test_a_vmdk_with_a_short_id_gets_one_of_full_length(tmp_path: Path) -> None:
    path = converted(tmp_path, "vmdk")
    before = path.read_bytes()
    vmdk.settle(path, "one")
    settled = path.read_bytes()
    text = re.sub(rb"\nCID=\w+\n", b"\nCID=5\n", before[512:10752].rstrip(b"\0"))
    text += b"\0\n"  # a rest of the longer text that qemu-img wrote first
    path.write_bytes(before[:512] + text.ljust(10240, b"\0") + before[10752:])
    vmdk.settle(path, "one")
    assert path.read_bytes() == settled
    assert re.search(rb"\nCID=[0-9a-f]{8}\nparentCID=ffffffff\n", path.read_bytes()[512:10752])
    assert "virtual size: 1 MiB" in check(path, "vmdk")


def test_a_disk_for_google_is_whole_gibibytes(tmp_path: Path) -> None:
    (path,) = write_image(format_of("gcp"), job(tmp_path))
    with tarfile.open(path) as archive:
        (member,) = archive.getmembers()
        assert (member.name, member.size) == ("disk.raw", 1 << 30)
        stream = archive.extractfile(member)
        assert stream is not None
        assert stream.read(512)[510:] == b"\x55\xaa"


def test_a_unified_kernel_image_holds_its_parts(tmp_path: Path) -> None:
    import pefile

    program = file("boot/kernel", efi_file("systemd-boot{}.efi", Arch.X86_64))  # any will do that is one
    given = job(tmp_path)
    given = replace(given, entries=[program if one.path == program.path else one for one in given.entries])
    (disk,) = write_image(format_of("raw-efi"), given)
    kernel, cmdline, initrd = write_image(format_of("kernel+initrd"), given)
    tools.run("mcopy", "-i", f"{disk}@@1M", "::/EFI/BOOT/BOOTX64.EFI", tmp_path / "uki")
    data = (tmp_path / "uki").read_bytes()
    sections = {
        one.Name.rstrip(b"\0").decode(): data[one.PointerToRawData :][: one.Misc_VirtualSize]
        for one in pefile.PE(data=data, fast_load=True).sections
    }
    assert sections[".linux"] == kernel.read_bytes()
    assert sections[".cmdline"].rstrip(b"\0") == cmdline.read_bytes()
    assert sections[".initrd"] == initrd.read_bytes()
    assert b"ID=bootmatrix" in sections[".osrel"], "and nothing of the host's"


@pytest.mark.parametrize("form", ["raw-efi", "iso-efi", "vhdx", "aws"])
def test_a_kernel_that_uefi_cannot_start_is_refused(tmp_path: Path, form: str) -> None:
    plain = job(tmp_path, YAML.replace("cmdline: quiet", "cmdline: quiet, binary: uc"))
    with pytest.raises(InputError, match=f"{form} needs a kernel that UEFI can start"):
        write_image(format_of(form), plain)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["raw-bios", "iso-bios", "qcow2-bios", "raw-efi", "iso-efi", "vhd", "rpi"])
def test_an_architecture_that_a_format_is_not_for_is_refused(tmp_path: Path, form: str) -> None:
    with pytest.raises(InputError, match=f"{form} is not written for s390x"):
        write_image(format_of(form), replace(job(tmp_path), arch=Arch.S390X))


@pytest.mark.parametrize(
    ("form", "words"), [("rpi", "a=${x}"), ("rpi", "a\nb"), ("raw-bios", "a\tb"), ("vmdk", "a\nb")]
)
def test_a_command_line_that_a_loader_would_not_pass_on_is_refused(tmp_path: Path, form: str, words: str) -> None:
    given = replace(job(tmp_path), arch=Arch.ARM64 if form == "rpi" else Arch.X86_64)
    line = file("boot/cmdline", words.encode())
    with pytest.raises(InputError, match="command line has a control character"):
        write_image(
            format_of(form),
            replace(given, entries=[line if entry.path == line.path else entry for entry in given.entries]),
        )


def test_a_kernel_that_lies_over_the_initrd_of_a_card_is_refused(tmp_path: Path) -> None:
    given = replace(job(tmp_path), arch=Arch.ARM64)
    large = file("boot/kernel", KERNEL[:16] + (38 << 20).to_bytes(8, "little") + KERNEL[24:])
    entries = [large if entry.path == large.path else entry for entry in given.entries]
    with pytest.raises(InputError, match="takes 38 MiB in memory, and U-Boot has 37 MiB"):
        write_image(format_of("rpi"), replace(given, entries=entries))
