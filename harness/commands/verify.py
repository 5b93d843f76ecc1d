"""`bootmatrix image verify`: built images and layouts, compared with what is written of them and what is signed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from harness.commands.project import warn
from harness.errors import InputError
from harness.image.oci.layout import OciLayout
from harness.image.sbom.spdx import SUFFIX
from harness.image.trust.reader import TrustedRepository
from harness.image.verify import built, layouts
from harness.plan.yamlfile import shown_path
from harness.store import Store

Found = tuple[str, Iterable[str], str]  # what was looked at, its differences, and what to say where there are none


def verify(paths: Sequence[Path], trust: str | None = None, root: Path | None = None) -> int:
    """Print what differs; 1 if anything does. Without paths, of the component store. Raises InputError or HostError."""
    from harness.report.text import SENTENCE, clean

    store = Store()
    repository = _repository(trust, root, store)
    wrong = 0
    for name, differences, good in chain.from_iterable(
        _found(path, store, repository) for path in _paths(paths, store)
    ):
        said = 0
        for line in differences:
            print(f"{name}: {clean(line, SENTENCE)}")
            said += 1
        if not said:
            print(f"{name}: {good}")
        wrong += said
    return 1 if wrong else 0


def _repository(trust: str | None, root: Path | None, store: Store) -> TrustedRepository | None:
    if (trust is None) != (root is None):
        raise InputError("--trust and --root belong together", hint="--trust REPO --root ROOT.json")
    return TrustedRepository(trust, root, store, warn) if trust is not None and root is not None else None


def _paths(paths: Sequence[Path], store: Store) -> Sequence[Path]:
    found = paths or sorted((store.root / "oci").glob("*/"))
    if not found:
        raise InputError("the component store is empty", hint="name an image's *.spdx.json or a layout")
    return found


def _found(path: Path, store: Store, repository: TrustedRepository | None) -> Iterator[Found]:
    if path.is_dir() and (path / "index.json").is_file():
        layout = OciLayout(path, store)
        signed = layouts.unsigned(layout, repository) if repository else ()
        yield shown_path(path), chain(layouts.differences(layout), signed), layouts.counted(layout)
        return
    documents = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    if not documents:
        raise InputError(f"{shown_path(path)} has neither images with a *{SUFFIX} nor an OCI layout")
    for document in documents:
        bill = built.bill_at(document)
        signed = built.unsigned(bill, repository) if repository else ()
        yield shown_path(document), chain(built.differences(document, bill), signed), built.counted(bill)
