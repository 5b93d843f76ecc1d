"""Which way a machine that needs KVM gets it: the host's, a nested one, or none, and never without a word."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest

from harness.errors import HostError
from harness.machine.accel.probe import Accelerator
from harness.machine.nested import build
from harness.machine.nested.host import NestedHost
from harness.machine.qemu.binary import QemuBinary
from harness.plan.catalog import Catalog
from harness.plan.target import Target
from harness.run import accelerators
from harness.run.accelerators import Emulator, Emulators
from harness.store import Store

CATALOG = Catalog()
HYPERV = CATALOG.target("x86_64-hyperv-gen1")
PLAIN = CATALOG.target("x86_64-baremetal-bios")


class Host:
    """A host with an accelerator; counts the outer machines that it was asked to build."""

    def __init__(self, patch: pytest.MonkeyPatch, tmp_path: Path, name: Literal["kvm", "tcg"]) -> None:
        self.built: list[str] = []
        self.notes: list[str] = []
        patch.setattr(accelerators, "find_qemu", lambda *_: QemuBinary(Path("/qemu"), "10.0"))
        patch.setattr(accelerators, "probe", lambda *_: Accelerator(name, "as probed", {"cpu": "host"}))
        patch.setattr(build, "nested_host", self._nested)
        self._store = Store(tmp_path)

    def _nested(self, target: Target, kernel: str, *_: object) -> NestedHost:
        self.built.append(kernel)
        return NestedHost(target, Path("kernel"), Path("initrd"), (), f"a {kernel} kernel")

    def emulators(self, *asked: tuple[Target, str]) -> list[Emulator]:
        async def ask() -> list[Emulator]:
            found = Emulators(self._store, self.notes.append)
            return await asyncio.gather(*(found.of(*one) for one in asked))

        return asyncio.run(ask())


def test_kvm_of_the_host_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    host = Host(monkeypatch, tmp_path, "kvm")
    (found,) = host.emulators((HYPERV, "distro"))
    assert (found.accelerator.name, found.host, host.built) == ("kvm", None, [])


def test_without_it_a_nested_one_is_built_once_a_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    host = Host(monkeypatch, tmp_path, "tcg")
    found = host.emulators((HYPERV, "distro"), (HYPERV, "matched"), (HYPERV, "matched"), (PLAIN, "matched"))
    assert [one.accelerator.name for one in found] == ["nested", "nested", "nested", "tcg"]
    assert [one.host is None for one in found] == [False, False, False, True]
    assert sorted(host.built) == ["distro", "matched"]


def test_the_choice_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    host = Host(monkeypatch, tmp_path, "tcg")
    (found,) = host.emulators((HYPERV, "distro"))
    assert "KVM of a distro kernel" in found.accelerator.reason
    assert any("nested" in note and "as probed" in note for note in host.notes)


def test_an_architecture_that_nothing_emulates_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    host = Host(monkeypatch, tmp_path, "tcg")
    arm = CATALOG.target("arm64-cloud-virt")
    needy = arm.model_copy(update={"machine": arm.machine.model_copy(update={"accelerator": "kvm"})})
    with pytest.raises(HostError, match="needs KVM, which this host has not"):
        host.emulators((needy, "distro"))
