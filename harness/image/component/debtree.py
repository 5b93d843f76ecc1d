"""A Debian package as a layer: what is in it is known without unpacking it to disk as anybody."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import HostError, InputError
from harness.image.oci.member import Layer, Member, dump, load
from harness.image.oci.tarindex import members
from harness.kernel.aptroot import Answer, AptRoot
from harness.kernel.debian import fetch_exact
from harness.store import Store

_VERSION = 1
_ARCHIVE, _INDEX, _CONTROL = "layer.tar", "index.json", "control.json"
_MERGED = re.compile(r"^(bin|sbin|lib|lib32|lib64|libx32)(/|$)")


@dataclass(frozen=True, slots=True)
class Deb:
    """One package in the store, unpacked to a plain archive."""

    answer: Answer
    folder: Path

    def libraries(self) -> list[str]:
        """The libraries it depends on, by package: the first alternative of each."""
        control = json.loads((self.folder / _CONTROL).read_bytes())
        firsts = [one.split("|")[0].split("(")[0].split(":")[0].strip() for one in control["Depends"].split(",")]
        return [name for name in firsts if re.fullmatch(r"(lib|zlib)[a-z0-9+.-]+", name)]

    def layer(self) -> Layer:
        """What is in it, under merged-/usr names: /lib/x is /usr/lib/x, as the links in every image of ours have it."""
        found = [
            replace(member, path=merged(member.path), target=_target(member)) for member in load(self.folder / _INDEX)
        ]
        return Layer(self.answer.package, self.folder / _ARCHIVE, found)


def merged(path: str) -> str:
    """The path below usr of what Debian still ships in /bin, /sbin and /lib."""
    return f"usr/{path}" if _MERGED.match(path) else path


def _target(member: Member) -> str:
    return merged(member.target) if member.kind.value == "hardlink" else member.target


def deb_tree(apt: AptRoot, package: str, store: Store) -> Deb:
    """The package a name stands for. Raises HostError, or Superseded where the archive has a newer one."""
    answer = apt.resolve(package)

    def make(folder: Path) -> None:
        deb = fetch_exact(apt, package, answer)
        with (folder / _ARCHIVE).open("wb") as out:
            _dpkg_deb(["--fsys-tarfile", str(deb)], out)
        try:
            dump(list(members(folder / _ARCHIVE)), folder / _INDEX)
        except InputError as problem:
            raise HostError(f"the package {answer.package} is not understood: {problem}") from problem
        fields = ("Depends", "Pre-Depends", "Source", "Homepage")
        control = {field: _dpkg_deb(["--field", str(deb), field], None).decode("utf-8", "replace") for field in fields}
        control["Depends"] = f"{control['Depends']},{control['Pre-Depends']}"
        (folder / _CONTROL).write_text(json.dumps(control, sort_keys=True))

    inputs = {"version": _VERSION, "sha256": answer.sha256}
    need = (_ARCHIVE, _INDEX, _CONTROL)
    return Deb(answer, store.get("deb-tree", inputs, make, need=need, room=answer.size * 6 + (1 << 20)))


def _dpkg_deb(words: list[str], out: object) -> bytes:
    try:
        done = subprocess.run(
            ["dpkg-deb", *words],
            stdin=subprocess.DEVNULL,
            stdout=out if out is not None else subprocess.PIPE,  # type: ignore[call-overload]
            stderr=subprocess.PIPE,
            check=False,
        )
    except FileNotFoundError as problem:
        raise HostError("this host has no dpkg-deb", hint="install the package dpkg") from problem
    if done.returncode != 0:
        said = "".join(char for char in done.stderr.decode("utf-8", "replace") if char.isprintable())[:300]
        raise HostError(f"{words[1]}: a damaged package: {said}", hint="remove it and run again")
    return (done.stdout or b"").strip()
