"""Images of containers: runc, containerd and the shell of the component library, put together as a user does it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from harness.commands.image import images_of
from harness.image.compose import compose
from harness.image.media.payload import write_initrd
from harness.image.resolve import resolved_images
from harness.image.yaml.assembly import read
from harness.kernel.distro import distro_kernel
from harness.store import Store
from tests.faults.corpus.fault import Scene, Way

_MEMORY = 1024  # MiB: containerd alone is 85 MB, and an initramfs gets no more than half


def image(text: str, *, modules: Iterable[str] = ("overlay",)) -> Way:
    """An initrd of this YAML; `modules` of fs/overlayfs are in it, which Debian's kernels have not built in."""

    def way(scene: Scene) -> Scene:
        target = scene.cell.target
        kernel = distro_kernel(target, Store())
        assert kernel.modules
        below = f"usr/lib/modules/{kernel.release}"
        source = kernel.modules / "lib/modules" / kernel.release / "kernel/fs/overlayfs"
        names = list(modules)
        dependencies = "".join(f"{name}.ko:\n" for name in names)
        files = [
            *({"path": f"{below}/{name}.ko", "source": str(source / f"{name}.ko"), "mode": "0644"} for name in names),
            {"path": f"{below}/modules.dep", "contents": dependencies, "mode": "0644"},
        ]
        path = scene.folder / "image.yml"
        path.write_text(f"init: [container-init, runc, containerd]\n{text}files: {json.dumps(files)}\n")
        assembly, images = read([path]), images_of(None)
        initrd = scene.folder / "initrd"
        with initrd.open("wb") as out:
            write_initrd(compose(assembly, resolved_images(assembly, images, target.arch), images), out)
        return replace(scene.with_target(machine={"memory": _MEMORY}), foreign=True, initrd=initrd)

    return way
