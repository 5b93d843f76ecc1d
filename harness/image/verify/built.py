"""A built image and its bill of materials: the files on disk, what is in them, and the images they were made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.errors import HostError, InputError
from harness.image.kernelimage import CMDLINE, KERNEL, UCODE
from harness.image.sbom.document import MAX_DOCUMENT, Bill, parsed
from harness.image.trust.reader import TrustedRepository
from harness.image.verify.trees import initrd_files, tar_files
from harness.plan.yamlfile import shown_path
from harness.store import sha256_file
from harness.words import Arch

_ARCHIVES = {".tar": tar_files, "-initrd.img": initrd_files}
_BUILT = "OPERATING-SYSTEM"  # the purpose of the package that has the files on disk
_NOT_IN_INITRD = (KERNEL, CMDLINE, UCODE)


def bill_at(path: Path) -> Bill:
    """The document in a file. Raises InputError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_DOCUMENT + 1)
    except OSError as problem:
        raise InputError(f"{shown_path(path)} cannot be read: {problem.strerror}") from problem
    found = parsed(data, shown_path(path))
    if not _artefacts(found):
        raise InputError(
            f"{shown_path(path)} is of no built image", hint="give the NAME.FORMAT.spdx.json of image build"
        )
    return found


def differences(path: Path, bill: Bill) -> Iterator[str]:
    """What differs of the files beside the document at `path`."""
    for name, digest in _artefacts(bill).items():
        file = path.parent / name
        if "/" in name or name in (".", ".."):
            raise InputError(f"{shown_path(path)} names the file {name[:80]!r}, which is not beside it")
        if not file.is_file():
            yield f"{shown_path(file)} is missing"
        elif (found := _sha256(file)) != digest:
            yield f"{shown_path(file)} is not what was built: its SHA-256 is {found}, not {digest}"
            yield from _inside(file, bill)


def unsigned(bill: Bill, repository: TrustedRepository) -> Iterator[str]:
    """The images of a built one that are not signed as they were used."""
    for one in bill.packages:
        package = one.package
        if one.purpose == "CONTAINER":
            arch = next((known for known in Arch if known.value == package.arch or _go(known) == package.arch), None)
            name = f"{package.name}:{package.version}" if package.version else package.name
            signed = repository.signed(name, arch) if arch else None
            if signed is None:
                yield f"the image {name} is not signed in {repository}"
            elif signed.hex != package.sha256:
                yield f"the image {name} is sha256:{package.sha256}, and {repository} has signed {signed.digest}"


def counted(bill: Bill) -> str:
    """How much was compared, for people."""
    files = sum(len(one.files) for one in bill.packages if one.purpose != _BUILT)
    purls = [one for one in bill.packages if one.package.purl and one.purpose != "CONTAINER"]
    return f"{len(_artefacts(bill))} files as built, with {files} files of {len(purls)} packages in them"


def _artefacts(bill: Bill) -> Mapping[str, str]:
    return next((one.files for one in bill.packages if one.purpose == _BUILT), {})


def _inside(file: Path, bill: Bill) -> Iterator[str]:
    """What differs within a file that differs, where its format lets us look."""
    read = next((read for suffix, read in _ARCHIVES.items() if file.name == bill.name + suffix), None)
    media = [name for name in _artefacts(bill) if name.endswith(("-squashfs.img", "-erofs.img"))]
    if read is None or (media and read is initrd_files):
        return
    inside = [one.files for one in bill.packages if one.purpose != _BUILT]
    wanted = {path: digest for files in inside for path, digest in files.items()}
    if read is initrd_files:
        wanted = {path: digest for path, digest in wanted.items() if path not in _NOT_IN_INITRD}
    try:
        there = read(file)
    except InputError as problem:
        yield f"  {problem.what}"
        return
    for path in sorted(wanted.keys() | there.keys()):
        if path not in there:
            yield f"  {path} is missing"
        elif path not in wanted:
            yield f"  {path} was added"
        elif there[path] != wanted[path]:
            yield f"  {path} was altered"


def _sha256(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError as problem:
        raise HostError(f"{shown_path(path)} cannot be read: {problem.strerror}") from problem


def _go(arch: Arch) -> str:
    from harness.image.oci.media import platform_of

    return platform_of(arch).architecture
