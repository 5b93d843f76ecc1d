"""Runs the host's tools that write media: in a fixed environment, so that the same inputs give the same bytes."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO

from harness.errors import HostError
from harness.image.rootfs import EPOCH
from harness.store import no_space_left

# Each program, and Debian's package for it.
PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "fakeroot": "fakeroot",
        "grub-mkimage": "grub-common",
        "mcopy": "mtools",
        "mkfs.erofs": "erofs-utils",
        "mkfs.vfat": "dosfstools",
        "mmd": "mtools",
        "qemu-img": "qemu-utils",
        "sbsign": "sbsigntool",
        "sfdisk": "fdisk",
        "sqfstar": "squashfs-tools",
        "tar": "tar",
        "xorriso": "xorriso",
    }
)
_SYSTEM = ("/usr/sbin", "/sbin")  # a user's PATH need not have them
_PATIENCE = 900  # seconds


def environment() -> dict[str, str]:
    """What a tool sees: no locale, time zone or configuration of the user's, and one time for everything it writes."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM])
    fixed = {"PATH": path, "LC_ALL": "C", "TZ": "UTC", "SOURCE_DATE_EPOCH": str(EPOCH), "MTOOLSRC": os.devnull}
    return fixed | {"HOME": "/nonexistent", "MTOOLS_SKIP_CHECK": "1"}


def program(name: str) -> str:
    """Where a tool is. Raises HostError naming the package that has it."""
    found = shutil.which(name, path=environment()["PATH"])
    if found is None:
        raise HostError(f"{name} is not installed", hint=f"install the package {PACKAGES[name]}")
    return found


def run(name: str, *words: str | Path, stdin: str = "", cwd: Path | None = None) -> str:
    """Run a tool to its end; returns what it printed. Raises HostError with its complaint."""
    return run_argv([program(name), *map(str, words)], stdin=stdin, cwd=cwd)


def run_argv(argv: list[str], *, stdin: str = "", cwd: Path | None = None) -> str:
    """As `run`, for a program that is no tool of the host's. What it leaves behind for a while lies in `cwd`, too."""
    name = Path(argv[0]).name
    given = environment() | ({"TMPDIR": str(cwd)} if cwd else {})
    try:
        done = subprocess.run(
            argv, input=stdin, env=given, cwd=cwd, capture_output=True, text=True, errors="replace",
            timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise HostError(f"{name} did not end in {_PATIENCE} s") from None
    if done.returncode:
        raise failure(name, done.stderr or done.stdout, cwd or Path())
    return done.stdout


def failure(name: str, said: str, folder: Path) -> HostError:
    """The error of a tool that failed: a full disk is told as one."""
    text = " ".join("".join(char if char.isprintable() else " " for char in said).split())
    if full := no_space_left(text, folder, "image", 1 << 30):
        return full
    return HostError(f"{name} failed: {text[-500:] or 'it said nothing'}")


def feed(argv: list[str], write: Callable[[IO[bytes]], None], *, cwd: Path | None = None) -> None:
    """Run a program and write its standard input. Raises HostError with its complaint."""
    name = Path(argv[0]).name
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=environment(), cwd=cwd
        ) as running:
            assert running.stdin is not None  # noqa: S101 -- it is a pipe
            try:
                write(running.stdin)
                running.stdin.close()
            except BrokenPipeError:  # it has ended, and its own words say why
                pass
            except BaseException:
                running.kill()
                raise
            finally:
                # What is still in the buffer of a program that has ended goes nowhere.
                with contextlib.suppress(BrokenPipeError):
                    running.stdin.close()
        if running.returncode:
            said.seek(0)
            raise failure(name, said.read().decode(errors="replace"), Path())
