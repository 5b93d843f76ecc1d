"""Linux sees Hyper-V, whatever the host has: in a machine of either generation, with Debian's kernel."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.boot.conftest import Ended

SEEN = {
    "hypervisor",
    "privileges",
    "vmbus",
    "balloon",
    "utils",
    "clocksource",
    "bus-vmbus",
    "disk0",
    "network",
    "ready",
}
LINE = {
    "hypervisor": "Hypervisor detected: Microsoft Hyper-V",
    "clocksource": "name=hyperv_clocksource_tsc_page",
    "bus-vmbus": "device=",
}


@pytest.mark.parametrize(
    ("target", "more"), [("x86_64-hyperv-gen1", set()), ("x86_64-hyperv-gen2", {"efi"})], ids=["gen1", "gen2"]
)
def test_linux_sees_hyperv(target: str, more: set[str], bootmatrix: Callable[..., Ended]) -> None:
    ended = bootmatrix("run", f"{target}.minimal.distro.direct")
    assert ended.status == 0, ended.stdout
    steps = {step["name"]: step["line"] for step in ended.cell["milestones"]}
    assert steps.keys() >= SEEN | more
    for name, text in LINE.items():
        assert text in steps[name]
    assert ended.cell["accelerator"]["name"] in ("kvm", "nested"), "it must say where the enlightenments came from"
