"""A small arm64 virt machine that has all it needs, and the cases of what can be wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause
from harness.diagnosis.diagnoser import Diagnoser
from harness.diagnosis.why import cause_of
from harness.image.contents import Contents
from harness.plan.target import Target
from harness.preflight.facts import Facts
from harness.words import Outcome
from tests.unit.smallmachine import CONFIG as SMALL
from tests.unit.smallmachine import INITRD, facts_of

CONFIG = f"""{SMALL}
RD_GZIP EXT4_FS OVERLAY_FS CGROUPS MEMCG CGROUP_PIDS CPUSETS CGROUP_SCHED NAMESPACES UTS_NS IPC_NS PID_NS NET_NS SECCOMP
SECCOMP_FILTER ISO9660_FS"""
BANNER = "Linux version 6.1.0-42-arm64 (debian-kernel@lists.debian.org) #1 SMP"
RUN = "Run /init as init process"


def initrd_with(**changes: Any) -> Contents:
    """The initrd with some of its fields changed."""
    return INITRD._replace(**changes)


@dataclass(frozen=True)
class Bench:
    """Makes cases, and asks for their cause."""

    target: Callable[..., Target]

    def facts(
        self, *, drop: str = "", modules: str = "", add: str = "", machine: dict[str, Any] | None = None, **fields: Any
    ) -> Facts:
        """Facts; `drop` are symbols that are not set, `modules` those that are =m, `add` more that are =y."""
        config = {name: "y" for name in CONFIG.split() if name not in drop.split()}
        config |= dict.fromkeys(modules.split(), "m") | dict.fromkeys(add.split(), "y")
        board = self.target(machine={"type": "virt", "memory": 256} | (machine or {}))
        return facts_of(**{"target": board, "config": config, **fields})

    def case(self, outcome: Outcome | None, *console: str, facts: Facts | None = None, **fields: Any) -> Case:
        """A case with its console, without times."""
        diagnoser = Diagnoser()
        diagnoser.feed("\n".join(console or fields.get("memory", ())).encode())
        facts = facts or self.facts()
        known = {"diagnosis": diagnoser.finish(), "reached": ("kernel",) if BANNER in console else ()}
        return Case(outcome, console=console, facts=facts, target=facts.target, **(known | fields))

    def cause(self, outcome: Outcome | None, *console: str, facts: Facts | None = None, **fields: Any) -> Cause | None:
        """The cause that is found."""
        return cause_of(self.case(outcome, *console, facts=facts, **fields))

    def id(self, outcome: Outcome | None, *console: str, facts: Facts | None = None, **fields: Any) -> str | None:
        """The name of the cause that is found."""
        cause = self.cause(outcome, *console, facts=facts, **fields)
        return cause.id if cause else None


@pytest.fixture
def bench(target: Callable[..., Target]) -> Bench:
    """Of an arm64 virt machine with 256 MiB."""
    return Bench(target)
