"""Milestones: which evidence counts, for every kind of rung, and which ladder a target gets."""

from __future__ import annotations

import re
import time

import pytest

from harness.boot.ladder import (
    KERNEL_BANNER,
    ConsoleRung,
    FactRung,
    MarkRung,
    ShutdownRung,
    Steps,
    assembly_ladder,
    foreign_ladder,
    places_of,
)
from harness.plan.target import Disk, Machine, Nic
from harness.words import Event, Outcome, Source, Verdict
from tests.unit.boot.fakes import BANNER, a_target, fact, judge_of, lines, partial, qmp, rungs


def test_console_rung() -> None:
    rung = ConsoleRung("hello", re.compile(r"hello \d+"), "hello")
    sighting = rung.sighted(lines("before", "well hello 7 there", "behind"))
    assert sighting is not None
    assert (sighting.ok, sighting.line, sighting.offset) == (True, "well hello 7 there", len("before\nwell "))
    assert rung.sighted(lines("hello you")) is None
    assert rung.sighted(partial("hello 7")) is None
    assert rung.sighted(qmp("hello 7")) is None


def test_mark_rung() -> None:
    rung = MarkRung("system", {"kernel": "6.1.0"}, failure=Outcome.INIT_DIED)
    good = rung.sighted(lines("bootmatrix: step=drivers status=1", "bootmatrix: step=system status=0 kernel=6.1.0"))
    assert good is not None
    assert good.ok
    failed = rung.sighted(lines("bootmatrix: step=system status=3 kernel=6.1.0"))
    assert failed is not None
    assert not failed.ok
    other = rung.sighted(lines("bootmatrix: step=system status=0 kernel=5.10.0"))
    assert other is not None
    assert (other.ok, "expected kernel=6.1.0" in other.line) == (False, True)
    absent = rung.sighted(lines("bootmatrix: step=system status=0"))
    assert absent is not None
    assert not absent.ok
    assert rung.sighted(partial("bootmatrix: step=system status=0 kernel=6.1.0")) is None


def test_fact_rung() -> None:
    rung = FactRung("shell", "shell")
    good, bad = rung.sighted(fact("shell")), rung.sighted(fact("shell", ok=False))
    assert good is not None
    assert bad is not None
    assert (good.ok, bad.ok) == (True, False)
    assert rung.sighted(fact("inspection")) is None
    assert rung.sighted(Event(1, Source.CONSOLE, "shell", "x", {"ok": True})) is None  # the guest cannot say it


def test_shutdown_rung() -> None:
    rung = ShutdownRung()
    assert rung.sighted(qmp("SHUTDOWN", guest=True, reason="guest-shutdown")) is not None
    for reason in ("guest-reset", "host-qmp-quit", "host-signal", "guest-panic"):
        assert rung.sighted(qmp("SHUTDOWN", guest=False, reason=reason)) is None
    assert rung.sighted(lines("SHUTDOWN guest-shutdown")) is None


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        (BANNER, True),
        ("Linux version 6.1.0", True),
        ("[    0.000000][    T0] Linux version 6.1.0", True),
        ("<5>[    0.000000] Linux version 6.1.0", True),
        ("[    7.123456] Linux version 6.1.0", False),
        ("x Linux version 6.1.0", False),
        ("Linux version", False),
    ],
)
def test_banner(line: str, counts: bool) -> None:
    assert (KERNEL_BANNER.search(f"before\n{line}") is not None) is counts


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Debian GNU/Linux 12 host ttyS0\n\nhost login: ", "host login:"),
        ("login: ", "login:"),
        ("welcome\nlogin:", "login:"),
        ("/ # ", "/ #"),
        ("root@host:~# ", "root@host:~#"),
        ("~ # ", "~ #"),
        ("issue #1\n# ", "#"),
        ("Last login: Mon", None),
        ("mylogin: ", None),
        ("cost: 5 $ ", None),
    ],
)
def test_login(text: str, line: str | None) -> None:
    rung = foreign_ladder(a_target(), boots_kernel=False, ready=None)[-1]
    sighting = rung.sighted(partial(text))
    assert (sighting.line if sighting else None) == line


def names(*args: object, **more: object) -> list[str]:
    return [rung.name for rung in rungs(*args, **more)]  # type: ignore[arg-type]


def test_ladder_of_an_image_of_ours() -> None:
    full = a_target(
        firmware="uefi",
        disks=(Disk(bus="virtio"), Disk(bus="virtio", content="nocloud")),
        nics=(Nic(model="e1000e"),),
    )
    assert names(full) == [
        "firmware", "kernel", "efi", "init", "system", "drivers", "disk0", "network", "metadata", "ready", "devices",
        "shell", "poweroff",
    ]  # fmt: skip
    assert names() == ["kernel", "init", "system", "drivers", "ready", "devices", "shell", "poweroff"]
    assert names(a_target(firmware="bios", poweroff=False))[0] == "firmware"
    assert names(a_target(poweroff=False))[-1] == "shell"


def test_board_shows_its_poweroff_on_the_console() -> None:
    ladder = rungs(asks_machine=False)
    assert [rung.name for rung in ladder] == ["kernel", "init", "system", "drivers", "ready", "shell", "poweroff"]
    assert ladder[-1].sighted(lines("[    3.0] reboot: Power down")) is not None


@pytest.mark.parametrize(
    ("firmware", "line"),
    [
        ("bios", "SeaBIOS (version rel-1.16.3-0-ga6ed6b701f0a-prebuilt.qemu.org)"),
        ("uefi", "UEFI firmware (version 2022.11-6 built at 00:00:00 on Jan  1 2023)"),
        ("uefi", 'BdsDxe: loading Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x2,0x0)'),
        ("uefi", "EFI stub: Booting Linux Kernel..."),
    ],
)
def test_firmware(firmware: str, line: str) -> None:
    judge = judge_of(rungs(a_target(firmware=firmware)))
    judge.see(lines(line))
    assert judge.reached[0].name == "firmware"


def test_foreign_ladder_takes_the_users_word() -> None:
    ladder = foreign_ladder(a_target(firmware="bios"), boots_kernel=True, ready=re.compile("installer"))
    assert [rung.name for rung in ladder if not rung.optional] == ["firmware", "kernel", "ready"]
    assert ladder[-1].sighted(partial("Debian installer menu")) is not None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("[    0.000000] Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org)", "kernel"),
        ("[   20.9] systemd[1]: systemd 252.39-1~deb12u1 running in system mode (+PAM -SMACK)", "systemd"),
        ("[  OK  ] Reached target basic.target - Basic System.", "basic-target"),
        ("[  OK  ] Reached target Multi-User System.", "multi-user-target"),
    ],
)
def test_what_a_whole_system_says_besides_is_told_and_not_waited_for(line: str, name: str) -> None:
    ladder = foreign_ladder(a_target(), boots_kernel=False, ready=None)
    judge = judge_of(ladder)
    assert judge.missing == ["ready"]
    judge.see(lines(line))
    assert [step.name for step in judge.reached] == [name]
    judge.see(partial("debian login: "))
    assert judge.is_over
    judge.see(
        lines("[  OK  ] Reached target multi-user.target - Multi-User System.")
    )  # its order is the guest's to choose
    assert judge.verdict().outcome is Outcome.READY


def test_the_order_of_what_nobody_waits_for_is_the_guests() -> None:
    judge = judge_of(foreign_ladder(a_target(), boots_kernel=False, ready=None))
    judge.see(lines("[  OK  ] Reached target basic.target - Basic System."))
    judge.see(lines("[   20.9] systemd[1]: systemd 252.39-1~deb12u1 running in system mode (+PAM -SMACK)"))
    judge.see(partial("debian login: "))
    assert (judge.verdict().verdict, judge.verdict().cause) == (Verdict.PASS, "")


def test_order_of_a_machine_with_secure_boot_and_a_tpm() -> None:
    ladder = names(a_target(machine=Machine(type="q35", firmware="uefi", secure_boot=True, tpm="tpm-crb")))
    assert ladder == [
        "firmware", "secure-boot", "kernel", "efi", "init", "system", "drivers", "tpm", "ready", "devices", "shell",
        "poweroff",
    ]  # fmt: skip


def test_hostile_text_takes_linear_time() -> None:
    ladder = [*rungs(a_target(firmware="bios")), *rungs(a_target(firmware="uefi"))]
    ladder += foreign_ladder(a_target(), boots_kernel=True, ready=None)
    for piece in ("SeaBIOS (version ", "EFI stub: ", "Linux version ", "[    0.000000][", "####", "login:", "$ "):
        event = lines(piece * ((1 << 17) // len(piece)))
        started = time.process_time()
        for rung in ladder:
            rung.sighted(event)
        assert time.process_time() - started < 0.5, piece


def test_ladder_of_an_assembly() -> None:
    steps = Steps(volumes=("data",), onboot=("dhcpcd",), services=("a", "b"), onshutdown=("last",))
    rungs = assembly_ladder(a_target(), steps, ["ssh"], running={}, asks_machine=True)
    assert [rung.name for rung in rungs] == [
        "kernel", "init", "system", "drivers", "volume:data", "onboot:dhcpcd", "containerd", "service:a", "service:b",
        "ready", "devices", "shell", "ssh", "services-stopped", "onshutdown:last", "shutdown", "poweroff",
    ]  # fmt: skip
    door = (ConsoleRung("bootloader", re.compile("GRUB")),)
    target = a_target(firmware="bios")
    through = assembly_ladder(target, steps, [], running={}, asks_machine=True, door=door)
    assert [rung.name for rung in through][:3] == ["firmware", "bootloader", "kernel"]
    bare = assembly_ladder(a_target(poweroff=False), Steps(), [], running={}, asks_machine=False)
    assert [rung.name for rung in bare] == ["kernel", "init", "system", "drivers", "ready", "shell"]


def test_services_may_start_in_any_order() -> None:
    steps = Steps(onboot=("a", "b"), services=("c", "d"))
    places = places_of(assembly_ladder(a_target(), steps, [], running={}, asks_machine=True))
    assert places["service:c"] == places["service:d"] < places["ready"]
    assert places["onboot:a"] < places["onboot:b"] < places["containerd"] < places["service:c"]
