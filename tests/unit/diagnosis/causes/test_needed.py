"""Every rule, and every cause that it names, is missed by a test when it is taken away. The work is `removal`'s."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import harness.diagnosis.causes
from tests.unit.diagnosis.causes import removal

ROOT = Path(__file__).parents[4]
HERE = Path(__file__).parent
FOLDER = Path(harness.diagnosis.causes.__file__).parent
ABOUT_ALL = {"test_needed.py", "test_catalogue.py", "test_broken.py"}  # of the mechanism, and not of a rule


def test_each_is_missed_when_it_is_gone(tmp_path: Path) -> None:
    tests = [str(path) for path in sorted(HERE.glob("test_*.py")) if path.name not in ABOUT_ALL]
    result = tmp_path / "removal.json"
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", removal.__name__, "-o", "addopts="]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=ROOT,
        env=os.environ | {removal.RESULT: str(result)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    found = json.loads(result.read_text())
    assert not found["broken"]
    asked = {answer.partition("/")[0] for answer in found["missed"]}
    assert set(found["rules"]) - asked == set(), "no test has these answer"
    source = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))
    named = set(re.findall(r'Cause\(\s*"([a-z]+(?:-[a-z]+)+)"', source))
    assert named - {answer.partition("/")[2] for answer in found["missed"]} == set(), "no test has these causes"
    assert [answer for answer, test in found["missed"].items() if not test] == [], "no test fails without these"
