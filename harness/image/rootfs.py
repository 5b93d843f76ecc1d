"""What an image's tree looks like inside an assembly: LinuxKit's exclusions and the files that every container has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from harness.image.entries import Bytes, Entry, Kind

EPOCH = 1492533000  # 2017-04-18T16:30:00Z, the time of everything generated
_EXCLUDED = frozenset((".dockerenv", "Dockerfile", "dev/console", "etc/hostname"))
_HOSTS = b"""127.0.0.1       localhost
::1     localhost ip6-localhost ip6-loopback
fe00::0 ip6-localnet
ff00::0 ip6-mcastprefix
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
"""
_RESOLV = b"\n# no resolv.conf configured\n"
WRITABLE_RESOLV = "/run/resolvconf/resolv.conf"  # what the root's resolv.conf points to


def folder_at(path: str, mode: int = 0o755) -> Entry:
    """A generated folder."""
    return Entry(path, Kind.FOLDER, mode, mtime=EPOCH)


def file_at(path: str, data: bytes, mode: int = 0o644) -> Entry:
    """A generated file."""
    return Entry(path, Kind.FILE, mode, Bytes(data), mtime=EPOCH)


def link_at(path: str, target: str, mode: int = 0o777) -> Entry:
    """A generated symbolic link."""
    return Entry(path, Kind.SYMLINK, mode, target=target, mtime=EPOCH)


def prepared(entries: Iterable[Entry], *, resolv_link: bool) -> Iterator[Entry]:
    """The tree of an image without what Docker leaves in one, and with the folders and files that a container needs.

    `resolv_link`: etc/resolv.conf is a link to where the system writes it, as the root and volumes have it. Replaces
    what the image has there, be it a link or a folder; nothing is put below an `etc` or `dev` that is a link.
    """
    needed = _needed(resolv_link)
    seen: dict[str, Kind] = {}
    hidden: dict[str, Entry] = {}  # files that are left out or replaced
    names: dict[str, str] = {}  # of those: another name under which the file goes on
    for entry in entries:
        path = entry.path
        if path in _EXCLUDED or path in ("etc/hosts", "etc/resolv.conf"):
            hidden[path] = entry
            continue
        if path.startswith(("etc/hosts/", "etc/resolv.conf/")):
            continue
        if entry.kind is Kind.HARDLINK and (first := hidden.get(entry.target)) is not None:
            goes_on = names.setdefault(entry.target, path)
            entry = replace(first, path=path) if goes_on == path else replace(entry, target=goes_on)  # noqa: PLW2901
        seen[path] = entry.kind
        yield replace(entry, mtime=EPOCH) if path in needed else entry
    for path, entry in needed.items():
        if path not in seen and not any(_is_no_folder(seen, parent) for parent in _parents(path)):
            yield _in_place_of(hidden.get(path), entry)


def _needed(resolv_link: bool) -> dict[str, Entry]:
    resolv = link_at("etc/resolv.conf", WRITABLE_RESOLV, 0o644) if resolv_link else file_at("etc/resolv.conf", _RESOLV)
    found = [folder_at(path) for path in ("dev", "dev/pts", "dev/shm", "etc", "proc", "sys")]
    found += [file_at("etc/hosts", _HOSTS), link_at("etc/mtab", "/proc/mounts", 0o755), resolv]
    return {entry.path: entry for entry in sorted(found, key=lambda entry: entry.path)}


def _in_place_of(old: Entry | None, new: Entry) -> Entry:
    """Our file with the mode and owner of the image's own."""
    if old is not None and old.kind is Kind.FILE:
        return replace(new, mode=old.mode, uid=old.uid, gid=old.gid)
    return new


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _is_no_folder(seen: dict[str, Kind], path: str) -> bool:
    return seen.get(path, Kind.FOLDER) is not Kind.FOLDER
