"""Units that failed, as systemd has told of them since it did, and words that are close to it."""

from __future__ import annotations

from harness.diagnosis.units import MOST, failed_units


def test_each_once_and_in_order() -> None:
    lines = (
        "[  OK  ] Started cron.service - Regular background program processing daemon.",
        "[FAILED] Failed to start broken.service - A unit that fails.",
        "See 'systemctl status broken.service' for details.",
        "systemd[1]: Failed to start broken.service - A unit that fails.",
        "[DEPEND] Dependency failed for data.mount - /data.",
        "[FAILED] Failed to mount Data Disk.",
        "[FAILED] Failed to listen on Sample Socket.",
    )
    assert failed_units(lines) == (
        "broken.service - A unit that fails",
        "data.mount - /data",
        "Data Disk",
        "Sample Socket",
    )


def test_what_is_no_unit() -> None:
    assert failed_units(("myapp[7]: Failed to start worker", "echo [FAILED] Failed to start x", "[FAILED]")) == ()


def test_a_guest_that_has_no_end_of_them() -> None:
    assert len(failed_units(f"[FAILED] Failed to start s{number}.service." for number in range(1000))) == MOST
