"""Disks and network cards that the guest did not find: each cause, and what is close to it and is none."""

from __future__ import annotations

from dataclasses import replace

from harness.diagnosis.steps import failed_steps
from harness.diagnosis.why import cause_of
from harness.words import Event, Outcome, Source
from tests.unit.diagnosis.causes.conftest import BANNER, RUN, Bench

FAILED = Outcome.SERVICE_FAILED


def mark(name: str, status: int = 1, rest: str = "") -> str:
    return f"bootmatrix: step={name} status={status} up=1.0 {rest}".strip()


def test_a_module_that_is_not_there(bench: Bench) -> None:
    line = mark("drivers", 1, "failed=virtio_net")
    cause = bench.cause(FAILED, BANNER, RUN, line, facts=bench.facts(drop="VIRTIO_NET"))
    assert cause
    assert cause.id == "driver-missing"
    assert "virtio_net: CONFIG_VIRTIO_NET is not set" in cause.text
    assert cause.evidence == (line, "CONFIG_VIRTIO_NET is not set")
    without = bench.cause(FAILED, BANNER, RUN, line)  # the symbol is set: the module is at fault
    assert without
    assert without.id == "driver-missing"
    assert without.next.startswith("put the modules of this very kernel into the image")
    assert bench.id(FAILED, BANNER, RUN, mark("drivers", 0), facts=bench.facts(drop="VIRTIO_NET")) is None


def test_a_disk_without_driver(bench: Bench) -> None:
    facts = bench.facts(drop="VIRTIO_BLK")
    cause = bench.cause(FAILED, BANNER, RUN, mark("disk0"), facts=facts)
    assert cause
    assert cause.id == "driver-missing"
    assert cause.evidence[1:] == ("CONFIG_VIRTIO_BLK is not set", "the machine has virtio-blk-pci, virtio-net-pci")


def test_a_disk_that_is_not_in_the_machine(bench: Bench) -> None:
    facts = bench.facts(drop="VIRTIO_BLK", devices=("virtio-net-pci",), buses=())
    cause = bench.cause(FAILED, BANNER, RUN, mark("disk0"), facts=facts)
    assert cause
    assert cause.id == "device-absent"
    assert cause.evidence == (mark("disk0"), "the machine has virtio-net-pci")


def test_a_disk_that_is_there_and_driven(bench: Bench) -> None:
    """Its step failed, and nobody knows why: no more than that is said."""
    assert bench.id(FAILED, BANNER, RUN, mark("disk0")) == "service-died"


def test_a_card_without_driver(bench: Bench) -> None:
    facts = bench.facts(drop="VIRTIO_NET")
    assert bench.id(FAILED, BANNER, RUN, mark("network"), facts=facts) == "driver-missing"


def test_a_card_that_is_not_in_the_machine(bench: Bench) -> None:
    facts = bench.facts(devices=("virtio-blk-pci",))
    assert bench.id(FAILED, BANNER, RUN, mark("network"), facts=facts) == "device-absent"


def test_a_card_without_an_address(bench: Bench) -> None:
    line = mark("network", 1, "iface=eth0 driver=virtio_net addr=none")
    cause = bench.cause(FAILED, BANNER, RUN, line)
    assert cause
    assert cause.id == "network-down"
    assert cause.text == "the network card eth0 (virtio_net) got no address, as DHCP did not answer"
    lacking = bench.cause(FAILED, BANNER, RUN, line, facts=bench.facts(drop="PACKET"))
    assert lacking
    assert (lacking.id, lacking.next) == ("network-down", "set CONFIG_PACKET=y")


def test_metadata_on_a_disk_that_was_found(bench: Bench) -> None:
    assert bench.id(FAILED, BANNER, RUN, mark("metadata", 1, "dev=/dev/vdb")) == "service-died"
    facts = bench.facts(devices=(), buses=())
    assert bench.id(FAILED, BANNER, RUN, mark("metadata", 1, "dev=none"), facts=facts) == "device-absent"


def test_no_symbol_is_named_where_the_configuration_or_the_machine_is_unknown(bench: Bench) -> None:
    assert bench.id(FAILED, BANNER, RUN, mark("disk0"), facts=bench.facts(config=None)) == "service-died"
    nothing = cause_of(replace(bench.case(FAILED, BANNER, RUN, mark("disk0")), facts=None))
    assert nothing
    assert nothing.id == "service-died"
    assert cause_of(replace(bench.case(FAILED, BANNER, RUN, mark("network")), facts=None)) is not None
    module = cause_of(replace(bench.case(FAILED, BANNER, RUN, mark("drivers", 1, "failed=virtio_net")), facts=None))
    assert module
    assert module.text == "init could not load virtio_net"


def test_a_host_bridge_without_its_driver(bench: Bench) -> None:
    facts = bench.facts(drop="PCI_HOST_GENERIC")
    for step in ("disk0", "network"):
        found = cause_of(bench.case(FAILED, BANNER, RUN, mark(step), facts=facts))
        assert found
        assert found.id == "driver-missing"
        assert "PCI_HOST_GENERIC" in found.text


def test_another_step_is_not_the_disks(bench: Bench) -> None:
    facts = bench.facts(drop="VIRTIO_BLK VIRTIO_NET")
    assert bench.id(FAILED, BANNER, RUN, mark("service:web"), facts=facts) == "service-died"
    found = mark("metadata", 1, "dev=/dev/vdb")
    assert bench.id(FAILED, BANNER, RUN, found, facts=facts) == "service-died"


def test_a_device_that_was_unplugged(bench: Bench) -> None:
    def gone(device: str) -> tuple[Event, ...]:
        return (Event(1, Source.QMP, "DEVICE_DELETED", f"DEVICE_DELETED device={device}", {"device": device}),)

    step = mark("disk0")
    cause = bench.cause(FAILED, BANNER, RUN, step, told=gone("dev-disk0"))
    assert cause
    assert (cause.id, cause.evidence) == ("device-absent", ("DEVICE_DELETED device=dev-disk0", step))
    assert bench.id(FAILED, BANNER, RUN, mark("network"), told=gone("dev-net0")) == "device-absent"
    assert bench.id(FAILED, BANNER, RUN, step, told=gone("dev-net0")) == "service-died"


def test_a_mark_that_is_only_quoted_is_no_failed_step(bench: Bench) -> None:
    case = bench.case(Outcome.SERVICE_FAILED, "sh: I saw bootmatrix: step=disk0 status=1 up=1")
    assert failed_steps(case) == []
