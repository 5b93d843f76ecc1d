"""`--kernel`: a kind of kernel for all cells, or a file of the user's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import InputError
from harness.kernel.user import user_kernel
from harness.plan.cells import Cell
from harness.plan.matrix import KERNELS
from harness.words import Arch


@dataclass(frozen=True, slots=True)
class KernelChoice:
    """At most one of `kind` and `file`; neither leaves every cell its own."""

    kind: str | None = None
    file: Path | None = None

    @classmethod
    def of(cls, word: str | None) -> KernelChoice:
        """`distro`, `matched`, or a path. Raises InputError for a word that is neither a kind nor a file."""
        if word is None:
            return cls()
        if word in KERNELS:
            return cls(kind=word)
        path = Path(word)
        if not path.exists():
            raise InputError(
                f"--kernel {word!r} is no kind of kernel and no file", hint=f"kinds are {', '.join(KERNELS)}"
            )
        return cls(file=path.resolve())

    def check(self, archs: Collection[Arch]) -> None:
        """Raises InputError when the file is no kernel for all of these architectures."""
        if self.file is None:
            return
        for arch in sorted(archs):
            user_kernel(self.file, arch)

    def applied(self, cells: Iterable[Cell]) -> list[Cell]:
        """The cells with this choice in their names; those that differ in nothing but their kernel are one."""
        kernel = "user" if self.file else self.kind
        if not kernel:
            return list(cells)
        return list({cell.id: cell for cell in (replace(cell, kernel=kernel) for cell in cells)}.values())
