"""Images from registries and from `docker save`, by skopeo: it knows their protocols, logins and formats."""

from __future__ import annotations

import ipaddress
import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import HostError, InputError
from harness.image.entries import Entry, ResolvedImage
from harness.image.oci import media
from harness.image.oci.layout import Absent, OciLayout
from harness.image.oci.reference import full_name
from harness.image.oci.shelf import Shelf, only, scratch
from harness.store import Progress, Store, silent
from harness.words import Arch

_PATIENCE = 1800  # seconds for one image; skopeo has no limit of its own
_FORMAT = 1  # of what we make of an archive; part of the key


class Registry:
    """Any registry. What was pulled once stays in the store and is not asked for again, so a build does not change
    under its user; `fresh` asks anew."""

    def __init__(self, store: Store, progress: Progress = silent, *, fresh: bool = False) -> None:
        self._store, self._progress, self._fresh = store, progress, fresh

    def __str__(self) -> str:
        return "the registry"

    def resolve(self, ref: str, arch: Arch) -> ResolvedImage:
        """As `ImageSource.resolve`. Raises Absent with the registry's own words where it gives none."""
        name = full_name(ref)
        shelf = Shelf(self._store, arch)
        if not self._fresh and shelf.layout.has(name):
            return shelf.layout.resolve(name, arch)
        platform = media.platform_of(arch)
        registry = name.partition("/")[0]
        self._progress(f"fetching {name} for {platform}")
        with scratch(self._store) as folder:
            overrides = ["--override-os", platform.os, "--override-arch", platform.architecture]
            if platform.variant:
                overrides += ["--override-variant", platform.variant]
            insecure = ["--src-tls-verify=false"] if _is_loopback(registry) else []
            said = _skopeo([*overrides, "copy", "-q", *insecure, f"docker://{name}", f"oci:{folder}"])
            if said is not None:
                raise Absent(f"the registry {registry} gives no {name}: {said}")
            made = OciLayout(folder, self._store, f"what {registry} gave")
            shelf.add(made, only(made), name)
        return shelf.layout.resolve(name, arch)

    def layout(self, ref: str, platforms: tuple[str, ...]) -> Iterable[Entry]:
        """As `ImageSource.layout`; the platforms must be named, a registry may have dozens."""
        raise Absent(f"{ref} for {', '.join(platforms) or 'all platforms'} is not taken from a registry")


def archive_layout(path: Path, store: Store) -> OciLayout:
    """A file that `docker save` wrote (docker-archive), as a layout in the store. Raises InputError, HostError."""
    from harness.store import sha256_file

    try:
        digest = sha256_file(path)
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror}") from problem

    def make(folder: Path) -> None:
        for name in _names(path):
            source = f"docker-archive:{path}:{name}"
            said = _skopeo(["copy", "-q", "--dest-oci-accept-uncompressed-layers", source, f"oci:{folder}:{name}"])
            if said is not None:
                raise InputError(f"{path}: {name} cannot be read: {said}")

    inputs = {"version": _FORMAT, "archive": digest}
    return OciLayout(store.get("oci-archive", inputs, make, room=path.stat().st_size), store, f"the archive {path}")


def _names(path: Path) -> list[str]:
    if ":" in str(path):
        raise InputError(f"{path}: a colon in the name of an archive is not understood", hint="rename it")
    done = _run(["list-tags", f"docker-archive:{path}"])
    if done.returncode != 0:
        raise InputError(f"{path} is no archive of images: {_last(done.stderr)}", hint="make one with docker save")
    try:
        tags = json.loads(done.stdout).get("Tags") or []
    except (ValueError, AttributeError) as problem:
        raise HostError(f"skopeo list-tags says what is not understood of {path}") from problem
    if not tags:
        raise InputError(f"{path} has no image with a name", hint="save it by its name, not by its id")
    return [str(tag) for tag in tags]


def _is_loopback(registry: str) -> bool:
    """Registries of this very host speak plain http, as for Docker."""
    host = registry.rpartition(":")[0] or registry
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _skopeo(words: Sequence[str]) -> str | None:
    """Run it; None when all is well, or its complaint."""
    done = _run(words)
    return None if done.returncode == 0 else _last(done.stderr)


def _run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["skopeo", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_PATIENCE,
        )
    except FileNotFoundError as problem:
        raise HostError("this host has no skopeo, which fetches images", hint="install the package skopeo") from problem
    except subprocess.TimeoutExpired as problem:
        raise HostError(f"skopeo did not end in {_PATIENCE} s") from problem


def _last(said: str) -> str:
    """The message of its last line, printable."""
    lines = [line for line in said.splitlines() if line.strip()]
    text = lines[-1] if lines else "it said nothing"
    _, found, message = text.partition("msg=")
    try:
        text = str(json.loads(message)) if found else text
    except ValueError:
        text = message
    return "".join(char for char in text if char.isprintable())[:300]
