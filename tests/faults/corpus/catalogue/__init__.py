"""The faults, a file a kind of thing that is broken; a new file with FAULTS is found by itself."""

from __future__ import annotations

import importlib
import pkgutil

from tests.faults.corpus.fault import Fault


def faults() -> list[Fault]:
    """All of them. Raises ValueError where two have one id."""
    found: dict[str, Fault] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        for fault in importlib.import_module(f"{__name__}.{module.name}").FAULTS:
            if fault.id in found:
                raise ValueError(f"two faults are called {fault.id}")
            found[fault.id] = fault
    return list(found.values())
