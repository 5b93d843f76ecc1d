"""`@pkg:DIR` where an image is named: the image that the package in DIR (relative to the YAML) builds.

LinuxKit names a package's image after its `build.yml` and tags it with the git hash of its folder.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import HostError, InputError, Where
from harness.plan.yamlfile import Document, Loc, load, shown, shown_path

PREFIX = "@pkg:"
_SECTIONS = ("onboot", "onshutdown", "services", "volumes")


def replaced(document: Document) -> Any:
    """The document's data with the names of images in place of templates. Raises InputError for what is no package."""
    data = document.data
    for holder, key, loc in list(_images(data)):
        text = holder[key]
        if isinstance(text, str) and text.startswith(PREFIX):
            folder = document.path.parent / text.removeprefix(PREFIX)
            holder[key] = image_of(folder, document.where(loc))
    return data


def image_of(folder: Path, where: Where) -> str:
    """`org/image:hash` of the package in a folder."""
    if not (folder / "build.yml").is_file():
        raise InputError(
            f"there is no package in {shown_path(folder)}: it has no build.yml",
            where=where,
            hint="the path after @pkg: is relative to this file's folder",
        )
    described = load(folder / "build.yml")
    known = described.data if isinstance(described.data, dict) else {}
    image, org = known.get("image"), known.get("org", "linuxkit")
    if not isinstance(image, str) or not isinstance(org, str):
        raise InputError("a package needs `image`, its name", where=described.where(("image",)))
    tree = _git(folder, where, "rev-parse", "HEAD:./")
    dirty = "-dirty" if _git(folder, where, "status", "--porcelain", "--", ".") else ""
    return f"{org}/{image}:{tree}{dirty}"


def _images(data: Any) -> Iterator[tuple[Any, Any, Loc]]:
    """Where a document names images, whatever else is wrong with it."""
    if not isinstance(data, dict):
        return
    if isinstance(kernel := data.get("kernel"), dict) and "image" in kernel:
        yield kernel, "image", ("kernel", "image")
    if isinstance(init := data.get("init"), list):
        for index in range(len(init)):
            yield init, index, ("init", index)
    for section in _SECTIONS:
        entries = data.get(section)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and "image" in entry:
                yield entry, "image", (section, index, "image")


def _git(folder: Path, where: Where, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, check=False, errors="replace"
        )
    except OSError as problem:
        raise HostError(
            f"git is needed for {PREFIX} and cannot be run: {problem.strerror}", where=where, hint="install git"
        ) from problem
    if done.returncode:
        said = shown(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message")
        raise InputError(f"{shown_path(folder)} has no tag: git says {said}", where=where, hint="it must be committed")
    return done.stdout.strip()
