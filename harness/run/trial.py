"""The boots of one work: until one passes or none is due any more, and a probe of a kernel that stopped early."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from harness.run.attempt import Attempt
from harness.run.initcalls import PURPOSE, explained, stopped_before_init, with_initcall_debug
from harness.run.work import Prepared, Work
from harness.words import Outcome, Verdict

# A kernel that panicked will panic again: trying once more would only hide it.
NEVER_RETRIED = frozenset(
    {Outcome.KERNEL_PANIC, Outcome.INIT_DIED, Outcome.NO_ROOTFS, Outcome.OOPS, Outcome.OOM, Outcome.RESET_LOOP}
)


@dataclass(slots=True)
class Trial:
    """What was booted so far stands in `attempts` and `probes` at any time, also after an interruption.

    `boot`: one boot, its records under that name. `anew`: the work prepared once more, for a machine that was never
    switched on before. `note`: told why there is one more.
    """

    work: Work
    prepared: Prepared
    boot: Callable[[Prepared, str], Awaitable[Attempt]]
    anew: Callable[[], Awaitable[Prepared]]
    note: Callable[[str], None]
    attempts: list[Attempt] = field(default_factory=list)
    probes: list[Attempt] = field(default_factory=list)

    async def run(self) -> None:
        """All boots that are due."""
        self.attempts.append(await self.boot(self.prepared, self.work.id))
        while again(self.work, self.attempts):
            prepared = await self.anew()
            self.attempts.append(await self.boot(prepared, f"{self.work.id}.attempt{len(self.attempts) + 1}"))
        if stopped_before_init(self.attempts[-1], self.prepared):
            await self._probe()

    async def _probe(self) -> None:
        self.note(f"{self.work.id} stopped before init: booting it once more, with initcall_debug")
        probe = await self.boot(with_initcall_debug(await self.anew()), f"{self.work.id}.{PURPOSE}")
        self.probes.append(replace(probe, purpose=PURPOSE))
        self.attempts[-1] = explained(self.attempts[-1], probe)


def again(work: Work, attempts: Sequence[Attempt]) -> bool:
    """Whether the work is to be booted once more."""
    last = attempts[-1]
    if last.verdict is Verdict.ERROR:
        return sum(one.verdict is Verdict.ERROR for one in attempts) <= work.retry.errors
    if last.verdict is Verdict.FAIL and last.ruling and last.ruling.outcome not in NEVER_RETRIED:
        return sum(one.verdict is Verdict.FAIL for one in attempts) <= work.retry.failures
    return False
