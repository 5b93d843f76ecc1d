"""A small world of its own for every test: a user's folder and a built-in one, both under tmp_path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.plan import catalog, cells
from harness.plan.cells import Plan, plan

BOARD = """\
summary: a board
arch: arm64
class: iot
machine:
  type: virt
console:
  device: ttyAMA0
kernel:
  package: linux-image-arm64
"""
SERVER = BOARD.replace("arm64", "amd64").replace("arch: amd64", "arch: x86_64").replace("iot", "cloud")


class World:
    """`user/` is the folder of a user's matrix.yml, `builtin/` what the harness ships."""

    def __init__(self, root: Path) -> None:
        self.user, self.builtin = root / "user", root / "builtin"
        self.write("builtin/targets/board/target.yml", BOARD)
        self.write("builtin/targets/server/target.yml", SERVER)
        for image in ("minimal", "sshd"):
            self.write(f"builtin/images/{image}.yml", "init: []\n")
        self.write("builtin/matrix.yml", "axes: {target: [board]}\n")

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.user.parent / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def target(self, name: str, text: str) -> Path:
        return self.write(f"user/targets/{name}/target.yml", text)

    def plan(self, matrix: str = "axes: {}\n") -> Plan:
        return plan(self.write("user/matrix.yml", matrix))

    def ids(self, matrix: str) -> list[str]:
        return [cell.id for cell in self.plan(matrix).cells]

    def refuses(self, matrix: str) -> str:
        """The message for a matrix that must not be accepted."""
        return refused(lambda: self.plan(matrix))

    def refuses_target(self, text: str) -> str:
        self.target("bad", text)
        return self.refuses("axes: {target: [bad]}\n")


def refused(call: Callable[[], object]) -> str:
    """The one line of an InputError; anything else is a failure of the test."""
    with pytest.raises(InputError) as caught:
        call()
    text = str(caught.value)
    assert text.isprintable(), f"unprintable characters in {text!r}"
    assert len(text) < 1500
    return text


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    monkeypatch.setattr(catalog, "builtin_root", lambda: made.builtin)
    monkeypatch.setattr(cells, "builtin_root", lambda: made.builtin)
    monkeypatch.setattr(catalog, "builtin_images", lambda: made.builtin / "images")
    monkeypatch.chdir(tmp_path)
    return made
