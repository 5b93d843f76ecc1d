"""`bootmatrix trust`: repositories of signed images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.commands.image import arch_of, images_of
from harness.commands.project import warn
from harness.errors import InputError
from harness.image.oci import media
from harness.image.oci.layout import OciLayout
from harness.image.oci.reference import full_name
from harness.image.oci.shelf import Shelf
from harness.image.trust.keys import ROLES, Keys
from harness.image.trust.reader import TrustedRepository
from harness.image.trust.repository import Published, Repository
from harness.plan.validate import suggestion
from harness.store import Store

MAX_DAYS = 3650


def days_of(words: Sequence[str]) -> Mapping[str, int]:
    """`ROLE=DAYS` as a mapping. Raises InputError."""
    found = {}
    for word in words:
        role, _, days = word.partition("=")
        if role not in ROLES or not days.isascii() or not days.isdigit() or not 0 < int(days[:6]) <= MAX_DAYS:
            raise InputError(
                f"--expires {word[:40]!r} is not understood",
                hint=f"write ROLE=DAYS, the role one of {', '.join(ROLES)}, 1 to {MAX_DAYS} days",
            )
        found[role] = int(days)
    return found


def init(folder: Path, keys: Path, days: Mapping[str, int]) -> int:
    """Make a repository and its keys; print the root."""
    print(Repository(folder, Keys(keys), days=days).create())
    return 0


def publish(
    folder: Path, keys: Path, names: Sequence[str], arches: Sequence[str], layout: Path | None, days: Mapping[str, int]
) -> int:
    """Sign images and add them; print each with its digest."""
    store = Store()
    named = OciLayout(layout, store) if layout else None
    chain = images_of(layout)
    found = []
    for arch in map(arch_of, arches):
        for name in names:
            chain.resolve(name, arch)  # checked as for a build; what is not in the layout is on the shelf then
            source = named if named and named.has(name) else Shelf(store, arch).layout
            head = source.manifest(name, media.platform_of(arch))
            found.append(Published(arch, full_name(name), source, head))
    Repository(folder, Keys(keys), days=days).publish(found, store)
    for one in found:
        print(f"{one.target}  {one.head.digest}")
    return 0


def refresh(folder: Path, keys: Path, days: Mapping[str, int]) -> int:
    """Sign again what would expire; print what was signed."""
    print("signed", ", ".join(Repository(folder, Keys(keys), days=days).refresh()))
    return 0


def rotate(folder: Path, keys: Path, role: str, days: Mapping[str, int]) -> int:
    """Give a role a new key; print the new root."""
    if role not in ROLES:
        raise InputError(f"there is no role {role[:40]!r}", hint=suggestion(role, ROLES, "roles are"))
    print(Repository(folder, Keys(keys), days=days).rotate(role))
    return 0


def list_names(where: str, root: Path) -> int:
    """Print what is signed."""
    for target, digest in TrustedRepository(where, root, Store(), warn).names():
        print(f"{target}  {digest}")
    return 0
