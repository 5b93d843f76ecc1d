"""What QEMU knows of a running guest and the console cannot prove: its CPU, and the devices its drivers really took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from qemu.qmp import ExecuteError

from harness.machine.protocol import Fact
from harness.machine.qemu.argv import BROUGHT
from harness.machine.qemu.qmp import Monitor
from harness.plan.target import Target
from harness.words import Source


async def inspect_guest(monitor: Monitor, target: Target) -> list[Fact]:
    """Ask QMP and sum up in one fact `inspection`. Raises QMPError.

    Sources: query-cpus-fast and the CPU's QOM type; query-blockstats (reads that reached a disk);
    x-query-virtio-status (DRIVER_OK, virtio 1.2 section 3.1.1).
    """
    cpus = await monitor.execute("query-cpus-fast")
    cpu_type = await monitor.execute("qom-get", path=cpus[0]["qom-path"], property="type")
    blocks = await monitor.execute("query-blockstats")
    virtio = [
        await monitor.execute("x-query-virtio-status", path=device["path"]) for device in await _virtio_devices(monitor)
    ]
    return summarise(target, cpu_type=str(cpu_type), cpus=len(cpus), blocks=blocks, virtio=virtio)


async def _virtio_devices(monitor: Monitor) -> list[dict[str, Any]]:
    """Those of the target."""
    try:
        found = await monitor.execute("x-query-virtio")
        return [device for device in found if BROUGHT.isdisjoint(device["path"].split("/"))]
    except ExecuteError as answer:
        if "No virtio devices" in str(answer):  # QEMU calls a machine without any an error
            return []
        raise


def summarise(
    target: Target, *, cpu_type: str, cpus: int, blocks: Sequence[dict[str, Any]], virtio: Sequence[dict[str, Any]]
) -> list[Fact]:
    """QMP's answers as facts; `inspection` is ok when every CPU, disk and virtio device of the target is in use."""
    facts = [
        Fact(Source.QMP, "cpu", f"{cpus} x {cpu_type.removesuffix('-cpu')}", {"ok": cpus == target.machine.cpus}),
        *_disk_facts(target, blocks),
        *_virtio_facts(virtio),
    ]
    bad = [fact.text for fact in facts if not fact.data["ok"]]
    if bad:
        return [*facts, Fact(Source.QMP, "inspection", "; ".join(bad), {"ok": False})]
    return [*facts, Fact(Source.QMP, "inspection", ", ".join(fact.text for fact in facts), {"ok": True})]


def _disk_facts(target: Target, blocks: Sequence[dict[str, Any]]) -> Iterator[Fact]:
    reads = {_node(block): block["stats"]["rd_operations"] for block in blocks}
    for index, disk in enumerate(target.disks):
        if disk.bus == "sd":
            continue  # QEMU's SD cards keep no account of their reads
        count = reads.get(f"disk{index}", 0)
        text = f"disk{index} ({disk.bus}) read" if count else f"disk{index} ({disk.bus}) was never read by the guest"
        yield Fact(Source.QMP, "disk", text, {"ok": count > 0, "reads": count})


def _node(block: dict[str, Any]) -> str:
    """Our name of a disk: the node's for -blockdev, the drive's for -drive."""
    return str(block.get("device") or block.get("node-name") or "")


def _virtio_facts(virtio: Sequence[dict[str, Any]]) -> Iterator[Fact]:
    for status in virtio:
        ready = any(str(word).startswith("VIRTIO_CONFIG_S_DRIVER_OK") for word in status["status"]["statuses"])
        text = f"{status['name']} {'DRIVER_OK' if ready else 'was not taken by a driver of the guest'}"
        yield Fact(Source.QMP, "virtio", text, {"ok": ready})
