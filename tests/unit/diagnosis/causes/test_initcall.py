"""An initcall that never returns, and those that do."""

from __future__ import annotations

import pytest

from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, Bench

LINES = (
    BANNER,
    "calling  early_one+0x0/0x10 @ 1",
    "initcall early_one+0x0/0x10 returned 0 after 3 usecs",
    "calling  slow_async+0x0/0x40 [slow] @ 1",
    "calling  virtio_blk_init+0x0/0x60 @ 1",
    "probe of virtio0 returned 0 after 12 usecs",
)


def test_the_last_that_never_returned(bench: Bench) -> None:
    cause = bench.cause(Outcome.HANG, BANNER, initcalls=LINES)
    assert cause
    assert cause.id == "initcall-deadlock"
    assert cause.text == "the kernel stops inside its initcall virtio_blk_init, which never returns"
    assert cause.evidence == (LINES[4], LINES[3], LINES[5])


def test_its_own_log_will_do(bench: Bench) -> None:
    assert bench.id(Outcome.NO_OUTPUT, *LINES) == "initcall-deadlock"


@pytest.mark.parametrize(
    "last",
    [
        (
            "initcall virtio_blk_init+0x0/0x60 returned 0 after 9 usecs",
            "initcall slow_async+0x0/0x40 [slow] returned 0",
        ),
        ("Run /init as init process",),
    ],
)
def test_a_boot_that_got_past_it(bench: Bench, last: tuple[str, ...]) -> None:
    assert bench.id(Outcome.HANG, BANNER, initcalls=(*LINES, *last)) is None
