"""Where the sources of a matched kernel come from, and what they are known by.

debian:linux-source-6.12   Debian's package, by its signed index
path/to/linux-6.12.tar.xz  a tarball
path/to/linux              a folder, built as it stands
git:path/to/linux@v6.12    a revision of a repository
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HostError, InputError, Where
from harness.kernel.aptroot import AptRoot
from harness.kernel.debian import Superseded, fetch_exact, unpack
from harness.plan.yamlfile import shown, shown_path
from harness.store import Progress, Store, no_space_left, sha256_file, silent

DEFAULT_SOURCE = "debian:linux-source-6.12"
OLDEST = (5, 10)  # what the fragments and the audit were tried with; before it, much has other names
_ROOM = 3 << 30  # bytes of an unpacked tree
_NEED = ("Makefile", "Kconfig")
_LAYOUT = 1


@dataclass(frozen=True, slots=True)
class SourceTree:
    """An unpacked kernel source, never written to."""

    path: Path
    key: str  # changes whenever the files do
    place: str  # stays the same while they change: what a warm build is found by
    version: str  # 6.12.117
    origin: str  # for people


def source_tree(spec: str, store: Store, progress: Progress = silent) -> SourceTree:
    """The tree that `spec` (see above) stands for. Milliseconds where the store has it; a folder's files are listed.

    Raises InputError for what is no kernel source, HostError for what cannot be fetched.
    """
    kind, colon, rest = spec.partition(":")
    if kind == "debian" and colon:
        return _debian(rest, store, progress)
    if kind == "git" and colon:
        return _git(rest, store, progress)
    path = Path(spec)
    if path.is_dir():
        return _folder(path.resolve())
    if path.is_file():
        return _tarball(path.resolve(), store, progress)
    raise InputError(
        f"there is no kernel source {shown(spec)}",
        hint="give debian:linux-source-VERSION, a tarball, a folder, or git:FOLDER@REVISION",
    )


def _debian(package: str, store: Store, progress: Progress) -> SourceTree:
    match = re.fullmatch(r"linux-source-([0-9]+\.[0-9]+)", package)
    if match is None:
        raise InputError(f"{shown(package)} is no package of kernel sources", hint=f"such as {DEFAULT_SOURCE}")
    apt = AptRoot(store, "amd64", progress=progress)  # sources are the same for all; every archive has this index
    for attempt in (1, 2):
        answer = apt.resolve(package)

        def make(folder: Path) -> None:
            deb = fetch_exact(apt, package, answer)  # noqa: B023 -- called before the loop goes on
            progress(f"unpacking {package} {answer.version}")  # noqa: B023
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpack-") as work:
                (name,) = unpack(
                    deb, Path(work), lambda name: "t" if name.startswith("usr/src/linux-source-") else None
                )
                _untar(Path(work) / name, folder, store)

        try:
            entry = store.get("linux-source", {"layout": _LAYOUT, "deb": answer.sha256}, make, need=_NEED, room=_ROOM)
        except Superseded:
            if attempt == 2:
                raise HostError(f"the archive changes its {package} too quickly", hint="run again") from None
            continue
        tree = _tree(entry, entry.name, entry.name, f"{package} {answer.version}")
        if not tree.version.startswith(match[1] + "."):
            raise HostError(f"{package} {answer.version} holds Linux {tree.version}", hint="use another source")
        return tree
    raise AssertionError("unreachable")


def _tarball(path: Path, store: Store, progress: Progress) -> SourceTree:
    digest = sha256_file(path)

    def make(folder: Path) -> None:
        progress(f"unpacking {path.name}")
        _untar(path, folder, store)
        _tree(folder, "", "", str(path))  # what is no kernel is not kept

    entry = store.get("linux-source", {"layout": _LAYOUT, "tar": digest}, make, need=_NEED, room=_ROOM)
    return _tree(entry, entry.name, entry.name, shown_path(path))


def _git(spec: str, store: Store, progress: Progress) -> SourceTree:
    place, at, revision = spec.rpartition("@")
    if not at:
        place, revision = spec, "HEAD"
    folder = Path(place).resolve()
    is_one = folder.is_dir() and _ask_git(folder, "rev-parse", "--git-dir")
    if not is_one or revision.startswith("-"):
        raise InputError(f"git:{shown(spec)}: there is no such repository", hint="give git:FOLDER@REVISION")
    tree = _ask_git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{tree}}").strip()
    if not re.fullmatch(r"[0-9a-f]{40,64}", tree):
        raise InputError(f"{shown(place)} has no revision {shown(revision)}", hint="see git log")

    def make(into: Path) -> None:
        progress(f"exporting {revision} of {place}")
        with tempfile.NamedTemporaryFile(dir=into.parent, prefix=".export-") as archive:
            _ask_git(folder, "archive", "--format=tar", "--prefix=linux/", f"--output={archive.name}", tree)
            _untar(Path(archive.name), into, store)
        _tree(into, "", "", spec)

    entry = store.get("linux-source", {"layout": _LAYOUT, "git": tree}, make, need=_NEED, room=_ROOM)
    return _tree(entry, entry.name, _hash(str(folder)), f"{place}@{revision}")


def _folder(path: Path) -> SourceTree:
    for left in (".config", "include/config"):
        if (path / left).exists():
            raise InputError(
                "was built in place, and cannot be built elsewhere at the same time",
                where=Where(shown_path(path / left)),
                hint=f"run make mrproper there, or use git:{path}@HEAD",
            )
    listing = hashlib.sha256()
    for file, status in _walk(path):
        listing.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_mode}\n".encode(errors="replace"))
    return _tree(path, listing.hexdigest(), _hash(str(path)), shown_path(path))


def _walk(path: Path) -> Iterator[tuple[str, os.stat_result]]:
    for base, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(files):
            file = os.path.join(base, name)  # noqa: PTH118 -- 80,000 of them
            yield file, os.lstat(file)


def _tree(path: Path, key: str, place: str, origin: str) -> SourceTree:
    """Look at what was unpacked. Raises InputError unless it is a kernel of a version that is known here."""
    try:
        text = (path / "Makefile").read_text(encoding="utf-8", errors="replace")[:4096]
    except OSError:
        text = ""
    found = {
        name: match[1]
        for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")
        if (match := re.search(rf"^{name} = ([0-9]+)$", text, re.MULTILINE))
    }
    if len(found) != 3 or not (path / "Kconfig").is_file() or not (path / "scripts/kconfig").is_dir():
        raise InputError(
            f"{origin} is no source of a Linux kernel", hint="its top folder must have the kernel's Makefile"
        )
    version = ".".join(found.values())
    if (int(found["VERSION"]), int(found["PATCHLEVEL"])) < OLDEST:
        raise InputError(
            f"{origin} is Linux {version}, which is too old", hint=f"at least {OLDEST[0]}.{OLDEST[1]} is wanted"
        )
    return SourceTree(path, key, place, version, origin)


def _untar(archive: Path, into: Path, store: Store) -> None:
    """Unpack a kernel's tarball without its top folder. GNU tar neither follows links nor leaves the folder."""
    argv = ["tar", "--extract", f"--file={archive}", f"--directory={into}", "--strip-components=1"]
    argv += ["--no-same-owner", "--no-same-permissions", "--delay-directory-restore"]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        said = " ".join(line.strip() for line in done.stderr.splitlines()[:2] if line.strip())[:300]
        raise no_space_left(done.stderr, store.root, "linux-source", _ROOM) or InputError(
            f"cannot be unpacked: {''.join(char for char in said if char.isprintable())}",
            where=Where(str(archive)),
            hint="it is damaged or was cut short: fetch it again",
        )
    for file, status in _walk(into):
        link = stat.S_ISLNK(status.st_mode)
        if not (link or stat.S_ISREG(status.st_mode)) or (link and _leads_out(Path(file), into)):
            raise InputError(f"refuses to be unpacked: {shown(file)} is no file of a source", where=Where(str(archive)))


def _leads_out(link: Path, root: Path) -> bool:
    target = os.path.normpath(link.parent / link.readlink())
    return target != str(root) and not target.startswith(f"{root}/")


def _ask_git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise HostError("this host has no git", hint="install the package git") from None
    if done.returncode != 0 and words[0] != "rev-parse":
        raise HostError(f"git {words[0]} failed in {folder}: {done.stderr.strip()[:200]}")
    return done.stdout


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
