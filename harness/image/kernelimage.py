"""The kernel of an assembly: what LinuxKit takes out of the image that `kernel.image` names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.errors import InputError, Where
from harness.image.entries import Entry, Kind, ResolvedImage, normalised
from harness.image.rootfs import EPOCH, file_at, folder_at
from harness.image.tarentries import entries_of
from harness.image.yaml.schema import Kernel

BOOT = "boot"
KERNEL = f"{BOOT}/kernel"
CMDLINE = f"{BOOT}/cmdline"
UCODE = f"{BOOT}/ucode.cpio"


def kernel_entries(kernel: Kernel, image: ResolvedImage, where: Callable[[str], Where]) -> Iterator[Entry]:
    """boot/kernel, boot/cmdline, boot/ucode.cpio, and all that is in the kernel's archive.

    Raises InputError where the image lacks one of them.
    """
    names = {"binary": kernel.binary or "kernel", "tar": "kernel.tar" if kernel.tar is None else kernel.tar}
    names["tar"] = "" if names["tar"] == "none" else names["tar"]
    names["ucode"] = kernel.ucode or ""
    found = {entry.path: entry for entry in image.entries() if entry.path in _wanted(names)}
    binary = _file(found, names["binary"], image, where("binary" if kernel.binary else "image"))
    yield folder_at(BOOT)
    yield file_at(CMDLINE, (kernel.cmdline or "").encode())
    yield Entry(KERNEL, Kind.FILE, binary.mode, binary.content, mtime=EPOCH)
    if names["ucode"]:
        ucode = _file(found, names["ucode"], image, where("ucode"))
        yield Entry(UCODE, Kind.FILE, ucode.mode, ucode.content, mtime=EPOCH)
    if names["tar"]:
        place = where("image" if kernel.tar is None else "tar")
        archive = _file(found, names["tar"], image, place, "; write tar: none if it has no modules")
        assert archive.content is not None  # noqa: S101 -- _file gives files only
        try:
            yield from entries_of(archive.content, f"{names['tar']} of {image.ref}")
        except InputError as problem:
            raise InputError(problem.what, where=place, hint=problem.hint) from None


def _wanted(names: dict[str, str]) -> set[str]:
    return {name.strip("/") for name in names.values() if name}


def _file(found: dict[str, Entry], name: str, image: ResolvedImage, where: Where, more: str = "") -> Entry:
    try:
        entry = found.get(normalised(name))
    except InputError:
        entry = None
    if entry is None or entry.kind is not Kind.FILE:
        what = f"has no file {name!r}" if entry is None else f"has {name!r}, which is a {entry.kind} and no file"
        raise InputError(f"the kernel image {image.ref} {what}", where=where, hint=f"is it a kernel image?{more}")
    return entry
