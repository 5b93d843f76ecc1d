"""A whole Debian on a disk, as nobody here makes one: mmdebstrap's, started by systemd-boot, with a unit that fails."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PACKAGES = "systemd-sysv,udev,linux-image-cloud-amd64,initramfs-tools,systemd-boot-efi,dbus,login"
BROKEN = """[Unit]
Description=A unit that fails
[Service]
Type=oneshot
ExecStart=/bin/false
[Install]
WantedBy=multi-user.target
"""
ENTRY = """title Debian
linux /vmlinuz
initrd /initrd.img
options root=LABEL=root console=ttyS0 systemd.show_status=1
"""
_MIB = 1 << 20
_ESP, _ROOT = 128, 1024  # MiB


def debian_disk(folder: Path) -> Path:
    """A raw disk for UEFI on x86_64; takes a minute and packages of Debian's archive."""
    rootfs, esp, disk = folder / "root.tar", folder / "esp", folder / "debian.raw"
    (folder / "broken.service").write_text(BROKEN)
    unit = "/etc/systemd/system/broken.service"
    _run(
        "mmdebstrap", "--variant=minbase", f"--include={PACKAGES}",
        f"--customize-hook=upload '{folder}/broken.service' {unit}",
        '--customize-hook=chroot "$1" systemctl enable broken.service',
        '--customize-hook=echo LABEL=root / ext4 defaults 0 1 >"$1/etc/fstab"',
        "bookworm", str(rootfs),
    )  # fmt: skip
    tree = folder / "tree"
    tree.mkdir()
    # One fakeroot for both, so that owners survive; device nodes are devtmpfs's to make.
    unpack_and_format = (
        'tar -xf "$1" -C "$2" --exclude="./dev/*" && truncate -s "$3" "$4" && mke2fs -q -t ext4 -L root -d "$2" "$4"'
    )
    root = folder / "root.ext4"
    _run("fakeroot", "sh", "-ec", unpack_and_format, "sh", str(rootfs), str(tree), f"{_ROOT}M", str(root))
    (folder / "entry.conf").write_text(ENTRY)
    _run("mkfs.vfat", "-C", "-n", "ESP", str(esp), str(_ESP * 1024))
    _run("mmd", "-i", str(esp), "::/EFI", "::/EFI/BOOT", "::/loader", "::/loader/entries")
    for source, target in (
        (tree / "usr/lib/systemd/boot/efi/systemd-bootx64.efi", "EFI/BOOT/BOOTX64.EFI"),
        (folder / "entry.conf", "loader/entries/debian.conf"),
        (next((tree / "boot").glob("vmlinuz-*")), "vmlinuz"),
        (next((tree / "boot").glob("initrd.img-*")), "initrd.img"),
    ):
        _run("mcopy", "-i", str(esp), str(source), f"::/{target}")
    shutil.rmtree(tree)
    with disk.open("wb") as out:
        out.truncate((_ESP + _ROOT + 2) * _MIB)
    script = f"label: gpt\nstart=1MiB, size={_ESP}MiB, type=uefi\nstart={_ESP + 1}MiB, size={_ROOT}MiB, type=linux\n"
    _run("sfdisk", "--quiet", str(disk), stdin=script)
    for piece, place in ((esp, 1), (root, _ESP + 1)):
        _run("dd", f"if={piece}", f"of={disk}", "bs=1M", f"seek={place}", "conv=notrunc,sparse", "status=none")
        piece.unlink()
    rootfs.unlink()
    return disk


def _run(*argv: str, stdin: str = "") -> None:
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, f"{argv[0]}: {done.stderr[-2000:]}"
