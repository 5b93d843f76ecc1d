"""What QMP's answers mean: pure, with answers as QEMU 10.0 gives them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from harness.machine.protocol import Fact
from harness.machine.qemu.inspection import inspect_guest, summarise
from harness.machine.qemu.qmp import Monitor
from harness.plan.catalog import Catalog

TARGET = Catalog().target("x86_64-cloud-kvm")  # two virtio disks
BOARD = Catalog().target("raspi2b")  # one SD card, filled by -drive


def block(node: str, reads: int, *, device: str = "") -> dict[str, Any]:
    return {"device": device, "node-name": node, "stats": {"rd_operations": reads}}


def virtio(name: str, *, ok: bool = True) -> dict[str, Any]:
    words = ["VIRTIO_CONFIG_S_ACKNOWLEDGE: Valid virtio device found"]
    words += ["VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready"] if ok else []
    return {"name": name, "status": {"statuses": words}}


def summed(facts: list[Fact]) -> tuple[bool, str]:
    assert [fact.kind for fact in facts].count("inspection") == 1
    assert facts[-1].kind == "inspection"
    return bool(facts[-1].data["ok"]), facts[-1].text


def test_all_there() -> None:
    facts = summarise(
        TARGET,
        cpu_type="max-x86_64-cpu",
        cpus=1,
        blocks=[block("disk0", 7), block("disk1", 3)],
        virtio=[virtio("virtio-blk"), virtio("virtio-net")],
    )
    assert summed(facts) == (
        True,
        "1 x max-x86_64, disk0 (virtio) read, disk1 (virtio) read, virtio-blk DRIVER_OK, virtio-net DRIVER_OK",
    )


def test_disk_that_nobody_read() -> None:
    facts = summarise(TARGET, cpu_type="x", cpus=1, blocks=[block("disk0", 7), block("disk1", 0)], virtio=[])
    assert summed(facts) == (False, "disk1 (virtio) was never read by the guest")
    missing = summarise(TARGET, cpu_type="x", cpus=1, blocks=[block("disk0", 7)], virtio=[])
    assert summed(missing) == (False, "disk1 (virtio) was never read by the guest")


def test_device_without_a_driver() -> None:
    blocks = [block("disk0", 1), block("disk1", 1)]
    facts = summarise(TARGET, cpu_type="x", cpus=1, blocks=blocks, virtio=[virtio("virtio-net", ok=False)])
    assert summed(facts) == (False, "virtio-net was not taken by a driver of the guest")


def test_the_controller_of_a_cd_is_no_device_of_the_target() -> None:
    asked = []

    class Answers:
        async def execute(self, command: str, **arguments: str) -> object:
            asked.append(arguments.get("path"))
            paths = ("/machine/peripheral/cdrom/virtio-backend", "/machine/peripheral/dev-net0/virtio-backend")
            return {
                "query-cpus-fast": [{"qom-path": "/cpu"}],
                "query-blockstats": [block("disk0", 1), block("disk1", 1)],
                "qom-get": "max-x86_64-cpu",
                "x-query-virtio": [{"path": path} for path in paths],
                "x-query-virtio-status": virtio("virtio-net"),
            }[command]

    assert summed(asyncio.run(inspect_guest(cast(Monitor, Answers()), TARGET)))[0]
    assert asked[-1] == "/machine/peripheral/dev-net0/virtio-backend"
    assert not any("cdrom" in (path or "") for path in asked)


def test_wrong_number_of_processors() -> None:
    facts = summarise(TARGET, cpu_type="x", cpus=2, blocks=[block("disk0", 1), block("disk1", 1)], virtio=[])
    assert summed(facts) == (False, "2 x x")


def test_card_of_a_board_keeps_no_account() -> None:
    blocks = [block("#block123", 0, device="disk0")]
    facts = summarise(BOARD, cpu_type="cortex-a7-arm-cpu", cpus=BOARD.machine.cpus, blocks=blocks, virtio=[])
    assert summed(facts)[0]


def test_drive_is_known_by_its_own_name() -> None:
    blocks = [block("#block123", 9, device="disk0"), block("disk1", 9)]
    assert summed(summarise(TARGET, cpu_type="x", cpus=1, blocks=blocks, virtio=[]))[0]
