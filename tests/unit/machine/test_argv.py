"""The QEMU command line: a golden file a target, and nothing of a user's that could become syntax of QEMU's."""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.machine.qemu.argv import BY_HAND, DiskFile, Media, Wiring, memory_mib, qemu_argv, socket_of
from harness.machine.qemu.firmware import Firmware
from harness.plan.catalog import Catalog
from harness.plan.target import Target

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "argv"
UPDATE = os.environ.get("BOOTMATRIX_UPDATE_GOLDEN") == "1"
WIRED = Wiring(console=socket_of(3), channel=socket_of(4), qmp=socket_of(5))
CATALOG = Catalog()


def media_of(target: Target, folder: Path = Path("/media")) -> Media:
    return Media(
        kernel=folder / "kernel",
        initrd=folder / "initrd",
        dtb=folder / "dtb" if target.kernel.dtb else None,
        cmdline=(f"console={target.console.device}", "panic=0"),
        disks=tuple(DiskFile(folder / f"disk{index}") for index in range(len(target.disks))),
        metadata=("/answer", "it's") if any(nic.metadata for nic in target.nics) else (),
        firmware=Firmware(folder / "code", folder / "variables") if target.machine.firmware == "uefi" else None,
    )


def argv_of(target: Target, media: Media | None = None, wiring: Wiring = WIRED) -> list[str]:
    if target.console.channel is None and wiring is WIRED:
        wiring = Wiring(console=socket_of(3), qmp=socket_of(5))
    if target.machine.tpm and wiring.qmp is not None:
        wiring = replace(wiring, tpm=socket_of(6))
    return qemu_argv(target, media or media_of(target), accelerator="tcg", wiring=wiring)


def devices_of(argv: list[str]) -> list[dict[str, object]]:
    """Every -device of a command line."""
    return [json.loads(value) for option, value in pairwise(argv) if option == "-device"]


def shown(argv: list[str]) -> str:
    """One option a line, with its value, as a shell would take it."""
    lines: list[str] = []
    for word in argv:
        if word.startswith("-") or not lines or " " in lines[-1]:
            lines.append(shlex.quote(word))
        else:
            lines[-1] += " " + shlex.quote(word)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", CATALOG.names)
def test_golden(name: str) -> None:
    """`BOOTMATRIX_UPDATE_GOLDEN=1 pytest tests/unit/machine/test_argv.py` writes the files anew."""
    target = CATALOG.target(name)
    text = shown(argv_of(target))
    path = GOLDEN / f"{name}.txt"
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), "no golden file yet: see this test's docstring"
    assert text == path.read_text(encoding="utf-8")
    assert shlex.split(text) == argv_of(target)


def test_no_golden_file_without_its_target() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CATALOG.names)


@pytest.mark.parametrize("name", CATALOG.names)
def test_every_target(name: str) -> None:
    target = CATALOG.target(name)
    argv = argv_of(target)
    assert argv[0] == f"qemu-system-{target.arch.qemu}"
    assert "-S" in argv
    assert argv[argv.index("-sandbox") + 1].startswith("on")
    assert "-nodefaults" in argv
    for nic in target.nics:
        wanted = '"restrict":true' if nic.model != "onboard" else "restrict=on"
        assert any(wanted in word for word in argv), "a network that leads outside"
    by_hand = argv_of(target, wiring=BY_HAND)
    assert "-S" not in by_hand
    assert not any("fd=" in word for word in by_hand)
    assert memory_mib(target) > target.machine.memory


def changed(**more: object) -> Target:
    """x86_64-cloud-kvm with other fields, through the schema as a file's data go."""
    data = CATALOG.target("x86_64-cloud-kvm").model_dump(mode="json", by_alias=True)
    for path, value in more.items():
        *above, last = path.split("__")
        place = data
        for key in above:
            place = place[key]
        place[last] = value
    return Target.model_validate_json(json.dumps(data), strict=True)


EVIL = [
    "a,b=c",
    'a"b',
    "a'b",
    "a\nb",
    "a\x00b",
    "../../etc/passwd",
    "/etc/passwd",
    "-device",
    "a;reboot",
    "a$(id)",
    "",
    " ",
]
WORDS = {
    "machine type": lambda text: changed(machine__type=text),
    "cpu": lambda text: changed(machine__cpu=text),
    "machine property": lambda text: changed(machine__properties={"hpet": text}),
    "machine property's name": lambda text: changed(machine__properties={text: "on"}),
    "nic": lambda text: changed(nics=[{"model": text}]),
    "driver": lambda text: changed(devices=[{"driver": text}]),
    "device property's name": lambda text: changed(devices=[{"driver": "virtio-rng-pci", text: 1}]),
    "device property": lambda text: changed(devices=[{"driver": "virtio-rng-pci", "x": text}]),
    "console": lambda text: changed(console__device=text),
    "channel": lambda text: changed(console__channel=text),
    "name": lambda text: changed(name=text),
    "disk bus": lambda text: changed(disks=[{"bus": text}]),
    "device tree": lambda text: changed(kernel__dtb=text) if text != "a;reboot" else changed(kernel__dtb="a;b"),
}


@pytest.mark.parametrize("text", EVIL, ids=repr)
@pytest.mark.parametrize("place", WORDS)
def test_injection_is_refused(place: str, text: str) -> None:
    with pytest.raises(ValidationError):
        WORDS[place](text)


@pytest.mark.parametrize("text", ["a=b", "a b", "a:b", "a@b", "hello-world_1.2+3"])
def test_text_of_a_property_stays_one_value_of_json(text: str) -> None:
    try:
        target = changed(devices=[{"driver": "virtio-rng-pci", "x": text}])
    except ValidationError:
        assert not re.fullmatch(r"[A-Za-z0-9 ._:+=@-]+", text)
        return
    (device,) = (found for found in devices_of(argv_of(target)) if found["driver"] == "virtio-rng-pci")
    assert device == {"driver": "virtio-rng-pci", "x": text}


@pytest.mark.parametrize("word", ["init=/bin/sh,x", "a'b", "-device", "$(id)", "`id`", "a=b=c", "%s", "\\"])
def test_kernel_command_line_is_one_argument(word: str) -> None:
    target = changed()
    media = Media(kernel=Path("/k"), cmdline=(word, "quiet"))
    argv = argv_of(target, media)
    assert argv[argv.index("-append") + 1] == f"{word} quiet"
    assert (
        len([one for one in argv if word in one]) == len([one for one in argv_of(target, Media()) if word in one]) + 1
    )


NASTY = Path("/srv/a, b=\"c\" 'd'/é,if=none")


@pytest.mark.parametrize("name", CATALOG.names)
def test_paths_with_commas_quotes_and_spaces(name: str) -> None:
    target = CATALOG.target(name)
    plain, nasty = argv_of(target), argv_of(target, media_of(target, NASTY))
    assert len(plain) == len(nasty)
    for before, word in zip(plain, nasty, strict=True):
        if word.startswith("{"):
            assert (
                json.dumps(json.loads(word), separators=(",", ":")).replace(json.dumps(str(NASTY))[1:-1], "/media")
                == before
            )
        elif word.startswith("if=sd"):
            assert word.replace(",,", "\0").split(",")[-1].replace("\0", ",") == f"file={NASTY}/disk0"
            assert word.replace(str(NASTY).replace(",", ",,"), "/media") == before
        else:
            assert word.replace(str(NASTY), "/media") == before


def test_more_disks_than_the_target_has_and_an_iso() -> None:
    target = changed(disks=[{"bus": "ahci"}])
    media = Media(disks=(DiskFile(Path("/a"), "qcow2"), DiskFile(Path("/b"))), iso=Path("/c.iso"))
    devices = [json.loads(word) for word in argv_of(target, media) if word.startswith('{"driv')]
    drives = {device["drive"]: device["bus"] for device in devices if "drive" in device}
    assert drives == {"disk0": "ide.0", "disk1": "ide.1", "iso": "ide.2"}
    scsi = argv_of(changed(disks=[{"bus": "scsi"}]), Media(disks=(DiskFile(Path("/a")),), iso=Path("/c.iso")))
    assert sum("virtio-scsi-pci" in word for word in scsi) == 1
    assert any('"format"' not in word and '"read-only":true' in word and "/c.iso" in word for word in scsi)


def test_what_firmware_is_to_start_from_comes_first() -> None:
    media = Media(disks=(DiskFile(Path("/a")), DiskFile(Path("/b"), boots=True)))
    devices = [json.loads(word) for word in argv_of(changed(disks=[{"bus": "nvme"}]), media) if word.startswith('{"dr')]
    assert {one["drive"]: one.get("bootindex") for one in devices if "drive" in one} == {"disk0": None, "disk1": 0}
    words = argv_of(changed(disks=[{"bus": "nvme"}]), Media(disks=(DiskFile(Path("/a")),), iso=Path("/c.iso")))
    devices = [json.loads(word) for word in words if word.startswith('{"driv')]
    (cd,) = [one for one in devices if one.get("drive") == "iso"]
    assert (cd["bus"], cd["bootindex"]) == ("cdrom.0", 0)
    assert {"driver": "virtio-scsi-pci", "id": "cdrom"} in devices


def test_resets_that_are_part_of_the_boot_are_let_through() -> None:
    assert "reboot=shutdown" in " ".join(argv_of(changed()))
    assert "reboot=reset" in " ".join(argv_of(changed(boot__resets=1)))


def test_serial_ports_are_filled_up_to_the_last() -> None:
    target = changed(console__port=2, console__channel_port=0)
    argv = argv_of(target)
    assert [argv[n + 1] for n, word in enumerate(argv) if word == "-serial"] == [
        "chardev:channel",
        "null",
        "chardev:console",
    ]


def test_a_firmware_that_needs_system_management_mode() -> None:
    target = CATALOG.target("x86_64-baremetal-secureboot")
    media = media_of(target)
    assert media.firmware
    told = "driver=cfi.pflash01,property=secure,value=on"
    argv = argv_of(target, replace(media, firmware=replace(media.firmware, smm=True)))
    assert "smm=on" in argv[argv.index("-machine") + 1].split(",")
    assert argv[argv.index("-global") + 1] == told
    assert told not in argv_of(target, media)


def test_a_tpm_is_on_the_line_that_is_inherited_and_by_hand_on_a_socket() -> None:
    target = CATALOG.target("arm64-cloud-secureboot")
    wired, by_hand = argv_of(target), argv_of(target, wiring=BY_HAND)
    assert "socket,id=tpm,fd=6" in wired
    assert "socket,id=tpm,path=tpm.sock" in by_hand
    for argv in (wired, by_hand):
        assert "emulator,id=tpm0,chardev=tpm" in argv
        assert {"driver": "tpm-tis-device", "tpmdev": "tpm0"} in devices_of(argv)
    assert not any("tpm" in word for word in argv_of(CATALOG.target("arm64-cloud-virt")))


def test_a_metadata_service_is_a_program_that_qemu_may_start_and_no_other_machine_may_start_any() -> None:
    target = CATALOG.target("x86_64-cloud-nitro")
    argv = argv_of(target)
    (backend,) = (json.loads(value) for option, value in pairwise(argv) if option == "-netdev")
    assert backend["guestfwd"] == [{"str": """tcp:169.254.169.254:80-cmd:/answer 'it'"'"'s'"""}]
    assert backend["restrict"] is True
    assert "spawn=allow" in argv[argv.index("-sandbox") + 1]
    without = argv_of(target, replace(media_of(target), metadata=()))
    assert "guestfwd" not in " ".join(without)
    assert "spawn=deny" in without[without.index("-sandbox") + 1]


def test_ports_of_the_guest_are_forwarded_from_ports_that_qemu_chooses() -> None:
    media = Media(kernel=Path("/k"), forwards=(22, 80))
    argv = argv_of(CATALOG.target("x86_64-cloud-kvm"), media)
    (netdev,) = [json.loads(value) for option, value in pairwise(argv) if option == "-netdev"]
    assert netdev["hostfwd"] == [{"str": "tcp:127.0.0.1:0-:22"}, {"str": "tcp:127.0.0.1:0-:80"}]
    assert netdev["restrict"] is True
    board = argv_of(CATALOG.target("raspi3b").model_copy(update={"nics": CATALOG.target("orangepi-pc").nics}), media)
    nics = [value for option, value in pairwise(board) if option == "-nic" and value.startswith("user")]
    assert nics[0].endswith("hostfwd=tcp:127.0.0.1:0-:22,hostfwd=tcp:127.0.0.1:0-:80")
    assert "hostfwd" not in " ".join(argv_of(CATALOG.target("x86_64-cloud-kvm")))
