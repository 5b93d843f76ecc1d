"""The NoCloud data source: an ISO labelled `cidata` that tells a cloud image who it is."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

from harness.errors import InputError
from harness.store import Store

_VERSION = 1
_PATCHING = threading.Lock()  # pycdlib is one for all threads
_DATE = 946684800.0  # 2000-01-01: ISO 9660 has no "none" that every reader takes


def nocloud_iso(instance_id: str, hostname: str, store: Store, key: str = "") -> Path:
    """The image, in the store. `key`: a line of authorized_keys. Raises InputError for other than plain names."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", instance_id):
        raise InputError(f"{instance_id!r} is no instance id", hint="use letters, digits, '.', '_' and '-'")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", hostname):
        raise InputError(f"{hostname!r} is no host name", hint="use at most 63 letters, digits and '-'")
    meta = f"instance-id: {instance_id}\nlocal-hostname: {hostname}\n"
    if key:
        meta += f"public-keys:\n  - {key.strip()}\n"
    files = {"meta-data": meta, "user-data": "#cloud-config\n"}

    def make(folder: Path) -> None:
        write_iso(folder / "nocloud.iso", "cidata", {name: text.encode() for name, text in files.items()})

    return store.get("nocloud", {"version": _VERSION, "files": files}, make) / "nocloud.iso"


def write_iso(path: Path, volume: str, files: dict[str, bytes]) -> None:
    """Write an ISO 9660 image of files, by their path in it, with Rock Ridge and Joliet names.

    The same files give the same bytes.
    """
    from io import BytesIO

    import pycdlib

    with _one_time():
        iso = pycdlib.PyCdlib()
        iso.new(interchange_level=3, vol_ident=volume, joliet=3, rock_ridge="1.09")
        places: dict[str, str] = {".": ""}
        for number, (name, data) in enumerate(sorted(files.items())):
            for outer in reversed(PurePosixPath(name).parents[:-1]):
                if str(outer) not in places:
                    places[str(outer)] = f"{places[str(outer.parent)]}/D{len(places):03}"
                    iso.add_directory(places[str(outer)], rr_name=outer.name, joliet_path=f"/{outer}")
            inner = PurePosixPath(name)
            place = f"{places[str(inner.parent)]}/F{number:03}.;1"
            iso.add_fp(BytesIO(data), len(data), place, rr_name=inner.name, joliet_path=f"/{name}")
        iso.write(str(path))
        iso.close()


@contextmanager
def _one_time() -> Iterator[None]:
    """pycdlib asks its module `time` for every date it writes and takes none as an argument: give it one of ours."""
    from pycdlib import dates, headervd, pycdlib, utils

    fixed = {name: getattr(time, name) for name in dir(time) if not name.startswith("_")}
    fixed["time"] = lambda: _DATE
    fixed["localtime"] = fixed["gmtime"] = lambda _at=None: time.gmtime(_DATE)  # its time zone is UTC everywhere
    with _PATCHING:
        modules = (dates, headervd, pycdlib, utils)
        try:
            for module in modules:
                vars(module)["time"] = SimpleNamespace(**fixed)
            yield
        finally:
            for module in modules:
                vars(module)["time"] = time
