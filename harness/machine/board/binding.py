"""Which board stands in for which target, and what its power commands are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.kernel.tsc import without_tsc
from harness.machine.board.lab import Board
from harness.machine.board.machine import BoardMachine
from harness.machine.qemu.argv import Media
from harness.plan.target import Target


@dataclass(frozen=True, slots=True)
class BoundBoard:
    """One board of a lab, by name, with the folder in which its power commands run."""

    name: str
    board: Board
    folder: Path

    def narrowed(self, target: Target) -> Target:
        """The target as this board is: one console, and without what `lacks` says is not there."""
        console = target.console.model_copy(update={"channel": None})
        return target.model_copy(update={"console": console, **dict.fromkeys(self.board.lacks, ())})

    def machine(self, target: Target, media: Media, work: Path) -> BoardMachine:
        """The machine for one boot; `work` is the folder with the files made for it."""
        files = {"KERNEL": media.kernel, "INITRD": media.initrd, "DTB": media.dtb, "FOLDER": work}
        environment = {f"BOOTMATRIX_{name}": str(path) for name, path in files.items() if path}
        environment |= {"BOOTMATRIX_CMDLINE": " ".join(without_tsc(media.cmdline)), "BOOTMATRIX_TARGET": target.name}
        return BoardMachine(self.name, self.board, folder=self.folder, environment=environment)


@dataclass(frozen=True, slots=True)
class BoundLab:
    """The boards that exist here, by the target they stand in for; empty where there is no lab.yml."""

    boards: Mapping[str, BoundBoard] = field(default_factory=dict)

    def board_for(self, target: str) -> BoundBoard | None:
        """The board that stands in for a target."""
        return self.boards.get(target)
