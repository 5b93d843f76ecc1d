"""The ways a run can end badly that are not the guest's fault, each with its exit status.

A message says what happened, where (file, line, key) and what to do. `cli.py` prints it in one line, never a
traceback.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file of the user's: `matrix.yml:12 (suites.quick)`."""

    file: str
    line: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        text = self.file
        if self.line is not None:
            text += f":{self.line}"
        if self.key:
            text += f" ({self.key})"
        return text


class BootmatrixError(Exception):
    """Something to tell the user; `exit_status` is what the command ends with."""

    exit_status = 3

    def __init__(self, what: str, *, where: Where | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.hint}" if self.hint else text


class InputError(BootmatrixError):
    """Bad usage or a bad input file: exit status 2."""

    exit_status = 2


class HostError(BootmatrixError):
    """The host or the harness is at fault (missing QEMU, no space, a package server that fails): exit status 3."""

    exit_status = 3
