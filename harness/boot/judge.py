"""Turns events into milestones and one verdict. Pure: it sees events and remembers; it starts, sends and waits nothing.

The first fatal event is latched: nothing that comes later makes it good again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.boot.deaths import deaths_in, watched
from harness.boot.ladder import KERNEL_BANNER, POWEROFF, READY, Rung, places_of
from harness.words import Event, Outcome, Reached, Source, Verdict


@dataclass(frozen=True, slots=True)
class Ruling:
    """What ended the boot: an outcome, the evidence in one sentence, and the time of it (seconds since power-on)."""

    outcome: Outcome
    cause: str
    at: float
    verdict: Verdict = Verdict.FAIL
    provisional: bool = False  # a word of QMP's or half a line, that the console's whole line may still make precise


class Judge:
    """A consumer of the event stream that climbs the ladder."""

    def __init__(
        self,
        rungs: Sequence[Rung],
        *,
        resets: int = 0,
        reached: Callable[[Reached], None],
        told_of_resets: bool = False,
    ) -> None:
        """`reached` is called once for every milestone, when it is seen; `resets` are part of a healthy boot.

        `told_of_resets`: the machine reports its resets itself (QMP). Then a second banner on the console is no reset:
        somebody prints the kernel's log.
        """
        watched()
        self._rungs = list(rungs)
        self._report = reached
        self._resets_left = resets
        self._banners_left = 1 + resets
        self._told_of_resets = told_of_resets
        self._stamped: bool | None = None  # whether the first banner had printk's time before it
        self._last_line = ""
        self._heard = False
        self._ended = False
        self.reached: list[Reached] = []
        self.ruling: Ruling | None = None

    @property
    def is_ready(self) -> bool:
        """The guest says it is up."""
        return any(step.name == READY for step in self.reached)

    @property
    def is_over(self) -> bool:
        """Nothing more is to be waited for: something fatal, the last milestone, or the machine's end."""
        return self.ruling is not None or self._ended or not self.missing

    @property
    def missing(self) -> list[str]:
        """Names of the milestones not reached yet, in order."""
        have = {step.name for step in self.reached}
        return [rung.name for rung in self._rungs if rung.name not in have and not rung.optional]

    @property
    def is_silent(self) -> bool:
        """The console has shown nothing at all."""
        return not self._heard

    @property
    def died(self) -> bool:
        """The console told of a death, behind which a trace may follow."""
        return self.ruling is not None

    def verdict(self) -> Ruling:
        """What to say of the boot as it stands: the latched ruling, or pass, or what is missing."""
        if self.ruling:
            return self.ruling
        at = self.reached[-1].at if self.reached else 0.0
        if self.missing:
            outcome = Outcome.READY if self.is_ready else Outcome.INCOMPLETE
            return Ruling(outcome, f"expected but never seen: {', '.join(self.missing)}", at)
        disorder = self._out_of_order()
        if disorder:
            return Ruling(Outcome.READY, disorder, at)
        return Ruling(Outcome.READY, "", at, Verdict.PASS)

    def _out_of_order(self) -> str | None:
        # Behind `ready` it is the harness that asks, several questions at once: those answers have no order.
        names = [rung.name for rung in self._rungs]
        awaited = self._rungs[: names.index(READY) + 1] if READY in names else self._rungs
        order = places_of([rung for rung in awaited if rung.ordered and not rung.optional])
        steps = [step for step in self.reached if step.name in order]
        for earlier, later in pairwise(steps):
            if order[earlier.name] > order[later.name]:
                return f"milestone {later.name} came after {earlier.name}, which it must precede"
        return None

    def see(self, event: Event) -> None:
        """Take one event into account."""
        match event.source:
            case Source.CONSOLE:
                self._console(event)
            case Source.QMP:
                self._climb(event)
                self._qmp(event)
            case Source.PROCESS:
                self._process(event)
            case Source.CLOCK:
                self._clock(event)
            case Source.HARNESS:
                self._climb(event)

    def _latch(self, ruling: Ruling, *, refines: bool = False) -> None:
        """`refines`: tells the same death as a provisional ruling, but precisely. What follows a death never does."""
        if self.ruling is None or (refines and self.ruling.provisional):
            self.ruling = ruling

    def _next(self) -> str:
        return (
            f"the next milestone would have been {self.missing[0]}" if self.missing else "all milestones were reached"
        )

    def _climb(self, event: Event) -> None:
        """Milestones in this event, unless a fatal event came first."""
        have = {step.name for step in self.reached}
        sightings = [
            (rung, sighting)
            for rung in self._rungs
            if rung.name not in have and (sighting := rung.sighted(event)) is not None
        ]
        for rung, sighting in sorted(sightings, key=lambda found: found[1].offset):
            if self.ruling:
                return
            if sighting.ok:
                step = Reached(rung.name, round(event.at, 4), event.source, sighting.line)
                self.reached.append(step)
                self._report(step)
                if step.name == POWEROFF and not self.is_ready:
                    cause = f"the guest switched itself off; {self._next()}"
                    self._latch(Ruling(Outcome.POWERED_OFF, cause, event.at))
            else:
                self._latch(Ruling(rung.failure, f"{rung.name} failed: {sighting.line}", event.at))

    def _console(self, event: Event) -> None:
        self._heard = True
        if event.text.strip():
            self._last_line = event.text.rstrip().rsplit("\n", 1)[-1].strip()
        death = next((death for death in deaths_in(event.text) if death.may_be(event.at)), None)
        again = self._second_banner(event)
        if death is None and again is None:
            self._climb(event)
            return
        # Milestones of the same block that stand above the fatal line were reached before it.
        cut = min(place for place in (death.offset if death else None, again) if place is not None)
        self._climb(Event(event.at, event.source, event.kind, event.text[:cut], event.data))
        if death and death.offset == cut:
            # Half a line may still become a worse one ("Kernel panic - not syncing: VFS: Unable to mo").
            half = event.kind == "partial"
            self._latch(Ruling(death.outcome, death.line, event.at, provisional=half), refines=not half)
        else:
            self._latch(Ruling(Outcome.RESET_LOOP, f"the kernel started once more; {self._next()}", event.at))

    def _second_banner(self, event: Event) -> int | None:
        if self._told_of_resets or event.kind != "lines" or "Linux version " not in event.text:
            return None
        for banner in KERNEL_BANNER.finditer(event.text):
            stamped = "[" in banner.group().partition("Linux")[0]
            if self._stamped is None:
                self._stamped = stamped
            elif self._stamped != stamped:
                continue  # somebody prints /proc/version
            if self._banners_left == 0:
                return banner.start()
            self._banners_left -= 1
        return None

    def _qmp(self, event: Event) -> None:
        reason = str(event.data.get("reason", ""))
        match event.kind:
            case "RESET" if event.data.get("guest"):
                self._reset(event)
            case "SHUTDOWN" if reason == "guest-reset":
                self._reset(event)
            case "SHUTDOWN" if reason == "guest-shutdown" and not self.is_ready:
                self._latch(Ruling(Outcome.POWERED_OFF, f"the guest switched itself off; {self._next()}", event.at))
            case "SHUTDOWN" if reason.startswith("host-") and reason != "host-qmp-quit" and not self.is_over:
                cause = f"somebody on the host shut QEMU down ({reason})"
                self._latch(Ruling(Outcome.MACHINE_DIED, cause, event.at, Verdict.ERROR))
            case "GUEST_PANICKED":
                cause = f"pvpanic: the guest's kernel told the machine that it panicked; {self._next()}"
                self._latch(Ruling(Outcome.KERNEL_PANIC, cause, event.at, provisional=True))
            case "WATCHDOG":
                self._latch(Ruling(Outcome.HANG, f"the watchdog expired ({event.text}); {self._next()}", event.at))
            case "STOP" if not self.is_over:
                cause = f"QEMU stopped the guest: an I/O or internal error of the host; {self._next()}"
                self._latch(Ruling(Outcome.MACHINE_DIED, cause, event.at, Verdict.ERROR))
            case _:
                pass

    def _reset(self, event: Event) -> None:
        if self._resets_left:
            self._resets_left -= 1
            return
        self._latch(Ruling(Outcome.RESET_LOOP, f"the guest reset the machine ({event.text}); {self._next()}", event.at))

    def _process(self, event: Event) -> None:
        switched_off = any(step.name == POWEROFF for step in self.reached)
        if self.missing and not switched_off:
            self._latch(Ruling(Outcome.MACHINE_DIED, f"{event.text}; {self._next()}", event.at, Verdict.ERROR))
        self._ended = True

    def _clock(self, event: Event) -> None:
        outcome = Outcome.HANG if self._heard else Outcome.NO_OUTPUT
        last = f"the last line was {self._last_line!r}" if self._last_line else "the console stayed empty"
        self._latch(Ruling(outcome, f"{event.text}; {last}; {self._next()}", event.at))
