"""How long to wait for a guest: in its own time, so that an overloaded host makes a boot slow and not failed.

The machine's own time is wall clock less the time in which the host kept it from running. Waiting ends by a timer that
is set for the earliest moment at which patience could run out, never by looking again and again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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

    def look(self, now: float, last_sign: float, held_back: float) -> RanOut | float:
        """`RanOut`, or the seconds until it is worth looking again.

        `now` and `last_sign` are seconds since power-on; `held_back` is what the host has kept from the machine so far.
        """
        elapsed = now - min(held_back, MOST_CREDIT * now)
        # What was held back before the silence began is no excuse for it: count from the last look before it.
        before = next((held for at, held in reversed(self._looks) if at <= last_sign), 0.0)
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
