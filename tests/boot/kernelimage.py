"""A kernel image as an assembly names one, of Debian's kernel for a target and the few modules that a test needs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.image import cpio
from harness.image.entries import Entry, file
from harness.image.oci.media import platform_of
from harness.image.oci.write import write_image
from harness.image.tarwriting import write_tar
from harness.kernel.distro import depmod, distro_kernel
from harness.kernel.modules import closure, copy_module, read_index
from harness.plan.catalog import Catalog, builtin_root
from harness.store import Store

NAME = "test/kernel:1"


def kernel_layout(target: str, modules: Iterable[str], folder: Path) -> Path:
    """An OCI layout in `folder` with one image, NAME: `kernel`, and `kernel.tar` with these modules and their index."""
    board = Catalog(builtin_root()).target(target)
    kernel = distro_kernel(board, Store())
    assert kernel.modules is not None
    source = kernel.modules / "lib/modules" / kernel.release
    root = folder / "root"
    tree = root / "lib/modules" / kernel.release
    tree.mkdir(parents=True)
    for name in closure(read_index(source), modules).files:
        copy_module(source, tree, name)
    for name in ("modules.order", "modules.builtin"):
        (tree / name).write_bytes((source / name).read_bytes())
    depmod(root, kernel.release)
    archive = folder / "kernel.tar"
    with archive.open("wb") as out:
        write_tar(cpio.arranged(_files(root)), out)
    layout = folder / "layout"
    layout.mkdir()
    write_image(layout, NAME, platform_of(board.arch), {}, [file("kernel", kernel.image), file("kernel.tar", archive)])
    return layout


def _files(root: Path) -> list[Entry]:
    return [file(str(path.relative_to(root)), path) for path in sorted(root.rglob("*")) if path.is_file()]
