"""Secure Boot and TPM, booted: what is signed starts, and is measured alike whenever it does.

.venv/bin/pytest tests/boot/test_secure.py                                   x86_64
BOOTMATRIX_TEST_SECURE=all .venv/bin/pytest tests/boot/test_secure.py        arm64 too
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.boot.conftest import Ended

CELLS = ("x86_64-baremetal-secureboot.minimal.distro.disk", "arm64-cloud-secureboot.minimal.distro.disk")
CHOSEN = CELLS if os.environ.get("BOOTMATRIX_TEST_SECURE") == "all" else CELLS[:1]


@pytest.mark.parametrize("cell", CHOSEN)
def test_what_is_signed_is_started_and_measured(cell: str, bootmatrix: Callable[..., Ended]) -> None:
    measured = []
    for _ in range(2):
        ended = bootmatrix("run", cell)
        assert ended.status == 0, ended.stdout
        steps = {step["name"]: step["line"] for step in ended.cell["milestones"]}
        names = list(steps)
        assert names.index("firmware") < names.index("secure-boot") < names.index("kernel") < names.index("tpm")
        measured.append(dict(re.findall(r"(pcr\w+)=([0-9A-Fa-f]{64})\b", steps["tpm"])))
    assert measured[0] == measured[1]
    assert set(measured[0]) == {"pcrs", "pcr0", "pcr4", "pcr7", "pcr11"}
    assert len(set(measured[0].values())) == 5
    assert not {"0" * 64, "F" * 64} & set(measured[0].values()), "a register that was never extended"


def test_a_kernel_that_is_handed_over_goes_around_it(bootmatrix: Callable[..., Ended], tmp_path: Path) -> None:
    matrix = tmp_path / "matrix.yml"
    matrix.write_text("axes: {target: [x86_64-baremetal-secureboot], image: [minimal], media: [direct]}\n")
    ended = bootmatrix("run", "--matrix", str(matrix))
    assert ended.status != 0
    assert "Secure Boot" in ended.stdout
    assert ended.cell["verdict"] == "error"
