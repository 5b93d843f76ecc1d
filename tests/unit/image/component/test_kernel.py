"""A kernel as a component: one built to match a target, and the recipes that are refused."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HostError
from harness.image.component import kernel as module
from harness.image.component.build import Components
from harness.kernel.artifact import KernelArtifact
from harness.plan.target import Target
from harness.store import Store
from harness.words import Arch


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    folder = tmp_path / "components"
    (folder / "mine").mkdir(parents=True)
    return folder


def write(recipes: Path, kernel: str) -> None:
    (recipes / "mine" / "component.yml").write_text(f"description: mine\nkernel: {kernel}\n")


def resolved(recipes: Path, tmp_path: Path, arch: Arch = Arch.X86_64) -> dict[str, bytes]:
    image = Components(Store(tmp_path / "store"), recipes=recipes).resolve("mine", arch)
    return {entry.path: b"".join(entry.content.chunks()) for entry in image.entries() if entry.content}


def built(tmp_path: Path, asked: list[Any], *, modules: bool) -> Any:
    """What stands for the kernel's build: it takes minutes, and tests/boot has one."""
    folder = tmp_path / "built"
    below = folder / "lib/modules/6.12.1"
    below.mkdir(parents=True)
    (folder / "kernel").write_bytes(b"a kernel")
    (below / "kernel").mkdir()
    for name in ("one", "two"):
        (below / f"kernel/{name}.ko").write_bytes(name.encode())
    (below / "modules.dep").write_text("kernel/one.ko: kernel/two.ko\nkernel/two.ko:\n")

    def matched_kernel(target: Target, *_: object, features: tuple[str, ...]) -> KernelArtifact:
        asked.append((target.name, features))
        return KernelArtifact(
            image=folder / "kernel",
            release="6.12.1",
            arch=target.arch,
            config=None,
            modules=folder if modules else None,
            system_map=None,
            dtbs=None,
            origin="Linux",
            key="k",
            matched=True,
        )

    return matched_kernel


@pytest.mark.parametrize("modules", [False, True])
def test_matched_to_a_target(recipes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modules: bool) -> None:
    write(recipes, "{targets: {arm64: arm64-cloud-virt}, features: [containers]}")
    asked: list[Any] = []
    monkeypatch.setattr(module, "matched_kernel", built(tmp_path, asked, modules=modules))
    files = resolved(recipes, tmp_path, Arch.ARM64)
    assert asked == [("arm64-cloud-virt", ("containers",))]
    assert files["kernel"] == b"a kernel"
    with tarfile.open(fileobj=io.BytesIO(files["kernel.tar"])) as archive:
        names = {name.rpartition("/")[2] for name in archive.getnames() if name.endswith(".ko")}
    assert names == ({"one.ko", "two.ko"} if modules else set())
    (bill,) = (data for path, data in files.items() if path.endswith(".spdx.json"))
    assert b'"pkg:generic/linux@6.12.1"' in bill
    assert b"GPL-2.0-only WITH Linux-syscall-note" in bill


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        ("{}", "give one of the two"),
        ("{packages: {arm64: linux-image-arm64}, targets: {arm64: arm64-cloud-virt}}", "give one of the two"),
        ("{packages: {arm64: linux-image-arm64}, features: [containers]}", "features with targets"),
        ("{targets: {arm64: arm64-cloud-virt}, modules: [overlay]}", "modules go with packages"),
        ("{targets: {x86_64: arm64-cloud-virt}}", "is of arm64, not of x86_64"),
        ("{targets: {x86_64: arm64-cloud-virtual}}", "unknown target"),
        ("{targets: {arm64: arm64-cloud-virt}}", "no kernel for x86_64"),
        ("{targets: {x86_64: x86_64-cloud-kvm}, features: [containerz]}", "containerz"),
    ],
)
def test_refused(recipes: Path, tmp_path: Path, kernel: str, words: str) -> None:
    write(recipes, kernel)
    with pytest.raises(HostError, match=words):
        resolved(recipes, tmp_path)
