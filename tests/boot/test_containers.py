"""An image of containers on its own init, booted: runc, containerd and the component library from Debian."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.image.compose import compose
from harness.image.media.payload import write_initrd
from harness.image.resolve import resolved_images
from harness.image.sources import image_source
from harness.image.yaml.assembly import read
from harness.kernel.distro import distro_kernel
from harness.plan.catalog import Catalog
from harness.store import Store
from tests.boot.conftest import Ended

IMAGE = """
init: [container-init, runc, containerd]
onboot:
  - {name: sysctl, image: sysctl}
  - {name: three, image: shell, command: [/bin/sh, -c, 'echo "said by $(hostname)"; exit 3']}
onshutdown:
  - {name: last, image: shell, command: [/bin/sh, -c, 'exit 0']}
services:
  - {name: dies, image: shell, command: [/bin/sh, -c, 'sleep 2; exit 5']}
  - {name: off, image: poweroff, command: [/usr/bin/poweroff-after, '12']}
"""


@pytest.mark.parametrize("name", ["x86_64-cloud-kvm", "arm64-cloud-virt"])
def test_onboot_services_and_shutdown(name: str, tmp_path: Path, bootmatrix: Callable[..., Ended]) -> None:
    target = Catalog().target(name)
    kernel = distro_kernel(target, Store())
    assert kernel.modules is not None
    modules = f"usr/lib/modules/{kernel.release}"
    source = kernel.modules / "lib/modules" / kernel.release / "kernel/fs/overlayfs/overlay.ko"
    # The one module that containers need and Debian's kernels have not built in; it depends on none.
    files = [
        {"path": f"{modules}/overlay.ko", "source": str(source), "mode": "0644"},
        {"path": f"{modules}/modules.dep", "contents": "overlay.ko:\n", "mode": "0644"},
    ]
    (tmp_path / "in.yml").write_text(IMAGE + f"files: {json.dumps(files)}\n")
    assembly, images = read([tmp_path / "in.yml"]), image_source(Store())
    entries = compose(assembly, resolved_images(assembly, images, target.arch), images)
    with (tmp_path / "initrd").open("wb") as out:
        write_initrd(entries, out)
    # containerd alone is 85 MB, and the kernel gives an initramfs no more than half of the memory.
    (tmp_path / "targets/large").mkdir(parents=True)
    (tmp_path / "targets/large/target.yml").write_text(
        f"extends: {name}\nsummary: with memory for containers\nmachine: {{memory: 1024}}\n"
    )
    (tmp_path / "matrix.yml").write_text("axes: {target: [large], image: [minimal]}\n")
    ended = bootmatrix(
        *("boot", "--matrix", str(tmp_path / "matrix.yml"), "--target", "large"),
        *("--kernel", str(kernel.image), "--initrd", str(tmp_path / "initrd")),
        *("--ready", r"step=shutdown status=0 .*by=poweroff"),
    )
    assert ended.status == 0, ended.stderr
    (log,) = (ended.run_dir / "console").glob("*.log")
    text = log.read_text(errors="replace")
    marks = re.findall(r"bootmatrix: step=(\S+) status=(\d+)", text)
    steps = [step for step, _ in marks]
    assert ("onboot:sysctl", "0") in marks
    assert ("onboot:three", "3") in marks
    assert ("containerd", "0") in marks
    assert ("ready", "1") in marks, "one onboot has failed, and ready says so"
    assert steps.index("onboot:three") < steps.index("containerd") < steps.index("ready")
    assert {"service:dies", "service:off"} <= set(steps[: steps.index("ready")])
    assert ("service-end:dies", "5") in marks
    assert steps.count("service:dies") >= 2, "it was not started again"
    assert steps[-3:] == ["services-stopped", "onshutdown:last", "shutdown"]
