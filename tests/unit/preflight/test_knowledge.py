"""The data: every target is covered by it, every file of it is checked, and a mistake is told with its line."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.kernel.inflate import MAGICS
from harness.plan.cells import plan
from harness.preflight.knowledge import read_knowledge

ROOT = Path(__file__).resolve().parents[3]


def test_every_target_is_known() -> None:
    known = read_knowledge()
    for target in {cell.target.name: cell.target for cell in plan(ROOT).cells}.values():
        console = target.console.device.rstrip("0123456789")
        assert known.console(console, target.arch), target.name
        for device in target.devices:
            assert known.device(str(device["driver"]), target.arch), (target.name, device)
        for nic in target.nics:
            machines = known.machines_of(target.machine.type, target.arch)
            assert any(one.nic for one in machines) if nic.model == "onboard" else known.device(nic.model, target.arch)


def test_every_form_that_is_recognised_is_known() -> None:
    assert {name for _, name in MAGICS} == set(read_knowledge().compression)


def test_no_pattern_hides_one_behind_it() -> None:
    devices = read_knowledge().devices
    for index, name in enumerate(devices):
        if "*" not in name:
            assert not [before for before in list(devices)[:index] if fnmatch.fnmatchcase(name, before)], name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "devices:\n  some-card:\n    what: a card\n    need: [PCI]\n",
            r"own.yml:4 .*unknown key 'need'; did you mean 'needs'",
        ),
        ("devices:\n  some-card:\n    what: a card\n    needs: [pci]\n", r"own.yml:4 .*'pci' is no kernel symbol"),
        (
            "devices:\n  some-card:\n    what: a card\n    needs: [A, CONFIG-B | C]\n",
            r"own.yml:4 .*is no kernel symbol",
        ),
        ("device:\n  some-card: {}\n", r"own.yml:1 .*unknown key 'device'; did you mean 'devices'"),
        ("devices:\n  some-card:\n    needs: [PCI]\n", r"own.yml:2 .*'what' is missing"),
        ("modules:\n  SERIAL: 8250\n", r"own.yml:2 "),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "own.yml").write_text(text)
    with pytest.raises(InputError, match=said):
        read_knowledge(tmp_path)


def test_a_key_in_two_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yml").write_text("modules:\n  FEC: fec\n")
    with pytest.raises(InputError, match=r"b.yml:2 \(modules.FEC\): 'FEC' is in another file"):
        read_knowledge(tmp_path)
