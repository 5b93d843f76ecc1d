"""A small arm64 virt machine whose kernel has just what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.image.contents import Contents
from harness.plan.target import Target
from harness.preflight.facts import Facts
from tests.unit.smallmachine import CONFIG, INITRD, facts_of


@pytest.fixture
def initrd() -> Contents:
    """A script as init, and busybox behind its shell."""
    return INITRD


@pytest.fixture
def facts(target: Callable[..., Target], initrd: Contents) -> Callable[..., Facts]:
    """Facts with some of them changed; `drop` are symbols to leave out, `add` more of them with their values."""

    def make(*, drop: str = "", add: dict[str, str] | None = None, **changes: Any) -> Facts:
        config = {name: "y" for name in CONFIG.split() if name not in drop.split()} | (add or {})
        needs = ("devtmpfs", "proc", "sysfs", "printk", "dhcp")
        return facts_of(**{"target": target(), "config": config, "initrd": initrd, "needs": needs, **changes})

    return make
