"""How long to wait for a guest: in its own time, so that an overloaded host makes a boot slow and not failed.

The machine's own time is wall clock less the time in which the host kept it from running. Waiting ends by a timer that
is set for the earliest moment at which patience could run out, never by looking again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

# A machine that lives is looked at again after this part of its silence: what the host held back before a silence began
# is known that precisely.
OFTEN = 0.1
# However busy the host is, a fifth of the wall clock always counts: nothing waits longer than five times its limit.
MOST_CREDIT = 0.8


@dataclass(frozen=True, slots=True)
class RanOut:
    """Patience has run out: `kind` is `silence` or `deadline`."""

    kind: str
    text: str


@dataclass(slots=True)
class Patience:
    """Limits in seconds of the machine's own time: without a sign of life, and to the last milestone."""

    silence: float
    deadline: float
    _looks: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])

    def lives(self, now: float, held_back: Callable[[], float]) -> None:
        """A sign of life: remember what was held back by then. `held_back` costs, and is asked now and then only."""
        if now - self._looks[-1][0] >= OFTEN * self.silence:
            self._looks = [(now, held_back())]

    def look(self, now: float, last_sign: float, held_back: float) -> RanOut | float:
        """`RanOut`, or the seconds until it is worth looking again.

        `now` and `last_sign` are seconds since power-on; `held_back` is what the host has kept from the machine so far.
        """
        elapsed = now - min(held_back, MOST_CREDIT * now)
        # What was held back before the silence began is no excuse for it: count from the last look before it.
        while len(self._looks) > 1 and self._looks[1][0] <= last_sign:
            del self._looks[0]
        before = self._looks[0][1] if self._looks[0][0] <= last_sign else 0.0
        silent = now - last_sign
        silent -= min(max(0.0, held_back - before), MOST_CREDIT * silent)
        self._looks.append((now, held_back))
        if elapsed >= self.deadline:
            return RanOut(
                "deadline", f"not done after {elapsed:.0f} s of the machine's own time ({now:.0f} s by the clock)"
            )
        if silent >= self.silence:
            return RanOut("silence", f"no sign of life for {silent:.0f} s of the machine's own time")
        return max(0.01, min(self.deadline - elapsed, self.silence - silent))
