"""lab.yml: boards are bound to targets, and every mistake in it has a place and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.machine.board.load import find_lab, load_lab
from harness.machine.qemu.argv import Media
from harness.plan.catalog import Catalog

CATALOG = Catalog()
PI = """\
boards:
  pi-7:
    target: raspi3b
    console: /dev/ttyUSB0
    power:
      on: [uhubctl, -a, "on"]
      off: [uhubctl, -a, "off"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "lab.yml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        load_lab(written(folder, text), CATALOG)
    message = str(caught.value)
    assert message.isprintable()
    return message


def test_bound(tmp_path: Path) -> None:
    lab = load_lab(written(tmp_path, PI + "    lacks: [disks]\n"), CATALOG)
    bound = lab.board_for("raspi3b")
    assert bound is not None
    assert (bound.name, bound.folder) == ("pi-7", tmp_path.resolve())
    assert bound.board.power.off == ("uhubctl", "-a", "off")
    assert bound.board.power.cycle is None
    assert lab.board_for("raspi2b") is None
    target = CATALOG.target("raspi3b")
    assert target.disks
    assert bound.narrowed(target).disks == ()
    assert bound.narrowed(target).nics == target.nics


def test_machine_is_told_what_to_boot(tmp_path: Path) -> None:
    bound = load_lab(written(tmp_path, PI), CATALOG).board_for("raspi3b")
    assert bound is not None
    words = ("console=ttyAMA0", "tsc_early_khz=2596000", "quiet")  # the second is of the host, and none of the board's
    media = Media(kernel=Path("/k"), cmdline=words)
    by_hand = bound.machine(CATALOG.target("raspi3b"), media, tmp_path).by_hand
    assert f"BOOTMATRIX_FOLDER={tmp_path} BOOTMATRIX_KERNEL=/k BOOTMATRIX_TARGET=raspi3b uhubctl -a on" in by_hand
    assert "BOOTMATRIX_CMDLINE='console=ttyAMA0 quiet'" in by_hand
    assert "INITRD" not in by_hand


def test_no_lab(tmp_path: Path) -> None:
    assert find_lab(None, tmp_path) is None
    assert load_lab(None, CATALOG).boards == {}
    path = written(tmp_path, PI)
    assert find_lab(None, tmp_path) == path
    assert find_lab(tmp_path / "other.yml", tmp_path) == tmp_path / "other.yml"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (PI.replace("raspi3b", "raspi3"), 3, ("unknown target 'raspi3'", "did you mean 'raspi3b'?")),
        (PI.replace("console:", "consol:"), 4, ("consol", "console")),
        (PI.replace('[uhubctl, -a, "on"]', "uhubctl -a on"), 6, ("boards.pi-7.power.on",)),
        (PI.replace('[uhubctl, -a, "on"]', "[]"), 6, ("boards.pi-7.power.on",)),
        (PI.replace('[uhubctl, -a, "on"]', '["a\\0b"]'), 6, ("boards.pi-7.power.on",)),
        (PI + "      timeout: 0\n", 8, ("timeout",)),
        (PI.replace("/dev/ttyUSB0", '"/dev/tty\\e[2J"'), 4, ("boards.pi-7.console",)),
        (PI + "    baud: fast\n", 8, ("baud",)),
        (PI + "    lacks: [cpu]\n", 8, ("lacks",)),
        (PI.replace("pi-7", "Pi 7"), 2, ("Pi 7",)),
        (PI + PI.replace("boards:\n", "").replace("pi-7", "pi-8"), 9, ("raspi3b already has the board 'pi-7'",)),
        ("boards: [\n", None, ("lab.yml",)),
        ("", None, ("lab.yml",)),
        ("boards: 7\n", 1, ("boards",)),
    ],
)
def test_mistakes(tmp_path: Path, text: str, line: int | None, words: tuple[str, ...]) -> None:
    message = refused(tmp_path, text)
    assert "lab.yml" in message
    if line is not None:
        assert f"lab.yml:{line}" in message
    for word in words:
        assert word in message


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"lab\.yml"):
        load_lab(tmp_path / "lab.yml", CATALOG)
