"""`bootmatrix report RUN...`: make the reports of finished runs again from their records."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from harness.commands.project import warn
from harness.report.reports import write_all
from harness.report.results import exit_status, read
from harness.report.table import print_table


def report(runs: Sequence[Path]) -> int:
    """Read each run's results.json, write the other formats beside it, print its table."""
    status = 0
    for run_dir in runs:
        record = read(run_dir)
        write_all(run_dir, record)
        print_table(record, sys.stdout)
        warn(f"records: {run_dir}")
        status = max(status, exit_status(record))
    return status
