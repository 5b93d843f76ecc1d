"""The JSON Schemas that editors use."""

from __future__ import annotations

import json
import re
from typing import Any

from harness.plan.schema import DIALECT, matrix_schema, target_schema
from harness.plan.target import Target


def patterns(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["pattern"]] if isinstance(node.get("pattern"), str) else []
        return own + [found for value in node.values() for found in patterns(value)]
    return [found for value in node for found in patterns(value)] if isinstance(node, list) else []


def refs(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in refs(value)]
    return [found for value in node for found in refs(value)] if isinstance(node, list) else []


def test_both_are_plain_json_of_the_dialect_with_nothing_dangling() -> None:
    for schema in (matrix_schema(), target_schema()):
        assert json.loads(json.dumps(schema)) == schema
        assert schema["$schema"] == DIALECT
        assert schema["additionalProperties"] is False
        assert {ref.removeprefix("#/$defs/") for ref in refs(schema)} <= schema["$defs"].keys()
        assert patterns(schema)
        for pattern in patterns(schema):
            re.compile(pattern)


def test_matrix_describes_its_keys() -> None:
    schema = matrix_schema()
    assert list(schema["properties"]) == ["axes", "exclude", "include", "defaults", "suites", "retry"]
    assert "union of its selectors" in schema["properties"]["suites"]["description"]
    assert schema["$defs"]["Axes"]["properties"].keys() == {"target", "image", "kernel", "media"}


def test_a_target_is_complete_or_extends() -> None:
    schema = target_schema()
    required = {f.alias or n for n, f in Target.model_fields.items() if f.is_required()} - {"name"}
    assert "required" not in schema
    assert schema["if"] == {"not": {"required": ["extends"]}}
    assert set(schema["then"]["required"]) == required == {"summary", "arch", "class", "machine", "console", "kernel"}
    # merged mappings need to be complete only when nothing is extended; entries of lists always
    assert schema["then"]["properties"]["machine"] == {"required": ["type"]}
    assert "required" not in schema["$defs"]["Machine"]
    assert schema["$defs"]["Disk"]["required"] == ["bus"]
    assert schema["$defs"]["Nic"]["required"] == ["model"]
    assert "extends" in schema["properties"]
