"""The outer machine's initrd: it has KVM's modules, and the one that is changed is changed in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HostError
from harness.image.entries import Entry, file
from harness.kernel.artifact import KernelArtifact
from harness.machine.nested.build import nested_host
from harness.machine.nested.kvmamd import keeping_cr8_intercept
from harness.plan.catalog import Catalog
from harness.store import Store
from harness.words import Arch
from tests.unit.machine.kernelmodule import module, signed

OUTER = Catalog().host_of_nested(Arch.X86_64)
KVM = signed(module(bytes.fromhex("e800000000554889e5"), relocated=((1, 4),)))
KVM_PLACE = "kernel/arch/x86/kvm/kvm-amd.ko"


class Image:
    """Of the outer machine's system, one file."""

    digest = "sha256:0"

    def entries(self) -> list[Entry]:
        return [file("init", b"#!/bin/sh\n")]


def kernel_with(folder: Path, built_in: tuple[str, ...]) -> KernelArtifact:
    """A kernel with the target's drivers as modules, but for some."""
    tree = folder / "lib/modules/6.0"
    names = [f"kernel/drivers/{name}.ko" for name in OUTER.drivers if name != "kvm_amd"]
    files = [name for name in [*names, KVM_PLACE] if Path(name).stem.replace("-", "_") not in built_in]
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(KVM if name == KVM_PLACE else module(b"\x90\xc3", function="nothing"))
    (tree / "modules.dep").write_text("".join(f"{name}:\n" for name in files))
    (tree / "modules.builtin").write_text("".join(f"kernel/{name}.ko\n" for name in built_in))
    image = folder / "kernel"
    image.write_bytes(b"kernel")
    return KernelArtifact(image, "6.0", Arch.X86_64, None, folder, None, None, "Linux 6.0", "key")


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[KernelArtifact]:
    """Whatever is put here is the outer machine's kernel."""
    given: list[KernelArtifact] = []
    monkeypatch.setattr("harness.machine.nested.build.distro_kernel", lambda *_: given[0])
    monkeypatch.setattr("harness.image.component.build.Components.resolve", lambda *_: Image())
    return given


def test_the_changed_module_is_in_it(kernel: list[KernelArtifact], store: Store, tmp_path: Path) -> None:
    kernel.append(kernel_with(tmp_path, ()))
    initrd = nested_host(OUTER, "distro", store).initrd.read_bytes()
    assert f"usr/lib/modules/6.0/{KVM_PLACE}\0".encode() in initrd
    assert keeping_cr8_intercept(KVM) in initrd
    assert KVM not in initrd
    assert b"etc/nested/modules\0" in initrd
    assert b"kvm_amd\n" in initrd


@pytest.mark.parametrize("modules", [True, False], ids=["kvm alone", "all"])
def test_kvm_that_is_built_in_is_refused(
    modules: bool, kernel: list[KernelArtifact], store: Store, tmp_path: Path
) -> None:
    found = kernel_with(tmp_path, ("kvm_amd",))
    if not modules:
        found = KernelArtifact(found.image, "6.0", Arch.X86_64, None, None, None, None, "Linux 6.0", "key")
    kernel.append(found)
    with pytest.raises(HostError, match=r"Linux 6\.0 has no kvm-amd\.ko"):
        nested_host(OUTER, "distro", store)
    assert not (store.root / "nested-host").exists()
