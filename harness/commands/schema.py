"""`bootmatrix schema`: JSON Schema of the files that people write, and of the one that programs read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from harness.errors import InputError


def schema(name: str) -> int:
    """Print one. Raises InputError for a name that has none."""
    makers = _makers()
    if name not in makers:
        raise InputError(f"there is no schema {name!r}", hint=f"there are {', '.join(makers)}")
    print(json.dumps(makers[name](), indent=2))
    return 0


def _makers() -> dict[str, Callable[[], dict[str, Any]]]:
    from harness.machine.board.lab import Lab
    from harness.plan.schema import matrix_schema, target_schema
    from harness.report.results import results_schema

    def lab_schema() -> dict[str, Any]:
        draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        return {**draft, **Lab.model_json_schema(), "title": "bootmatrix lab.yml"}

    return {"matrix": matrix_schema, "target": target_schema, "lab": lab_schema, "results": results_schema}
