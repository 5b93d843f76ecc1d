"""The guest's reader of JSON, on what the composer writes."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from harness.image.gojson import text_of
from harness.image.recipe import COMPONENTS

SCRIPT = COMPONENTS / "container-init" / "flatten.awk"


def flattened(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["awk", "-f", SCRIPT], input=text, capture_output=True, text=True, check=False, timeout=20)


def expected(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [line for key, one in pairs for line in expected(one, f"{path}.{key}" if path else str(key))]
    word = value if isinstance(value, str) else {True: "true", False: "false", None: "null"}.get(value, str(value))
    return [f"{path}\t{word}"]


def test_every_value_with_its_path() -> None:
    runtime: dict[str, Any] = {
        "mounts": [{"destination": "/a b", "type": "tmpfs", "options": ["rw", "size=1"]}, {"destination": "/x/ü"}],
        "mkdir": ["/x", 'with \\ and " and ] and }'],
        "empty": {},
        "none": [],
        "n": -12,
        "yes": True,
    }
    done = flattened(text_of(runtime).decode())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected(runtime)


@pytest.mark.parametrize("text", ['{"a": "x', '{"a" 1}', '{"a": }', '{"a": 1} 2', '{"a": 1 "b": 2}', '{"a": "x\ny"}'])
def test_what_is_no_json_is_refused(text: str) -> None:
    done = flattened(text)
    assert done.returncode != 0
    assert "flatten: " in done.stderr
