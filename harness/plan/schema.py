"""JSON Schema (draft 2020-12) of the files a user writes, for editors that check while one types."""

from __future__ import annotations

from typing import Any

from harness.plan.matrix import Matrix
from harness.plan.target import Target

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def matrix_schema() -> dict[str, Any]:
    """The schema of matrix.yml."""
    return {"$schema": DIALECT, **Matrix.model_json_schema(by_alias=True), "title": "bootmatrix matrix.yml"}


def target_schema() -> dict[str, Any]:
    """The schema of targets/<name>/target.yml.

    What a target must say, it need not repeat when it `extends` another one; nor need the mappings that are merged.
    Entries of lists are always complete, because lists are replaced as a whole.
    """
    schema = Target.model_json_schema(by_alias=True)
    properties: dict[str, Any] = schema["properties"]
    properties["name"]["description"] = "optional: the name of the folder"
    whole: dict[str, Any] = {"required": [key for key in schema.pop("required") if key != "name"], "properties": {}}
    for key, value in properties.items():
        definition = schema["$defs"].get(str(value.get("$ref", "")).rpartition("/")[2], {})
        if "required" in definition:
            whole["properties"][key] = {"required": definition.pop("required")}
    properties = {
        "extends": {
            "type": "string",
            "pattern": "^_?[a-z0-9][a-z0-9_-]{0,63}$",
            "description": "the target this one is a variation of: mappings are merged, everything else replaces",
        },
        **properties,
    }
    return {
        "$schema": DIALECT,
        **schema,
        "title": "bootmatrix target.yml",
        "properties": properties,
        "if": {"not": {"required": ["extends"]}},
        "then": whole,
    }
