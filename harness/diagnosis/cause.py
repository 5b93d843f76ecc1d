"""A cause: why a boot failed, with what proves it and what to do. And what a rule is that finds one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from harness.diagnosis.case import Case
from harness.words import Outcome


@dataclass(frozen=True, slots=True)
class Cause:
    """`id` is a kebab-case word that stays; `text` one plain sentence; `next` what to do about it.

    `evidence`: console lines, symbols, facts of the machine, the most telling first. The text in it is as strange as
    the guest: who shows or records it cleans it. `broken`: rules that raised, and so could not say what they know.
    """

    id: str
    text: str
    evidence: tuple[str, ...]
    next: str
    broken: tuple[str, ...] = ()


class Weight(IntEnum):
    """How sure a rule is; the lowest number that fires is the cause, and of equals the first in its file."""

    HOST = 0  # the host or QEMU ended it, whatever the guest was doing
    STATED = 1  # the guest said it in so many words, or the file at fault was read by us
    DEDUCED = 2  # what is known of kernel, machine and image, with the outcome, leaves nothing else
    PREDICTED = 3  # preflight said that it would end so
    NAMED = 4  # no more than the outcome, by its name


BEFORE_KERNEL = (
    Outcome.FIRMWARE_FAILURE,
    Outcome.BOOTLOADER_FAILURE,
    Outcome.HANG,
    Outcome.INCOMPLETE,
    Outcome.RESET_LOOP,
    Outcome.POWERED_OFF,
)
"""What a boot ends as when it comes to no kernel, though the machine is there and speaks."""

Find = Callable[[Case], Cause | None]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One rule. It is asked of the outcomes it can explain only; of any where it names none."""

    weight: Weight
    outcomes: frozenset[Outcome | None]
    find: Find

    def applies(self, case: Case) -> bool:
        """Whether there is any point in asking."""
        return not self.outcomes or case.outcome in self.outcomes

    @property
    def name(self) -> str:
        """Where it stands: its family and its function."""
        return f"{self.find.__module__.rpartition('.')[2]}.{self.find.__name__}"

    def __call__(self, case: Case) -> Cause | None:
        return self.find(case) if self.applies(case) else None


def explains(weight: Weight, *outcomes: Outcome | None) -> Callable[[Find], Explanation]:
    """Make a function of a case a rule of the catalogue. None among the outcomes: a machine that was never started."""
    return lambda find: Explanation(weight, frozenset(outcomes), find)
