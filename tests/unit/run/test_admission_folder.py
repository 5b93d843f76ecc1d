"""Where the boots of a host meet: a private folder with short paths, and what the host has to give."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from harness.errors import HostError
from harness.run import admission
from harness.run.admission import Admission, Need, boots_at_once, default_folder, host_capacity

CAPACITY = Need(memory=1000, cpus=2)


def test_folder_must_be_private(tmp_path: Path) -> None:
    for name, mode in (("group", 0o770), ("others", 0o707)):
        folder = tmp_path / name
        folder.mkdir()
        folder.chmod(mode)
        with pytest.raises(HostError, match="is not a private folder of yours"):
            Admission(CAPACITY, folder)
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(private)
    with pytest.raises(HostError, match="is not a private folder"):
        Admission(CAPACITY, tmp_path / "link")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(HostError, match="cannot be made"):
        Admission(CAPACITY, tmp_path / "file")
    Admission(CAPACITY, private)


def test_folder_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission.os, "getuid", lambda: 4711)
    with pytest.raises(HostError, match="is not a private folder"):
        Admission(CAPACITY, tmp_path / "mine")


def test_path_that_is_too_long_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)

    async def main() -> None:
        with pytest.raises(HostError, match="no socket can be made"):
            async with Admission(CAPACITY, folder).admitted(Need(1, 1)):
                pass

    asyncio.run(main())


@pytest.mark.parametrize(("processors", "boots"), [(1, 2), (2, 3), (8, 9), (9, 11), (64, 72)])
def test_boots_at_once(processors: int, boots: int) -> None:
    assert boots_at_once(processors) == boots


def test_a_host_admits_as_many_boots_as_keep_it_busy(tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    assert Admission(folder=folder).capacity.cpus == boots_at_once(host_capacity().cpus)
    assert Admission(CAPACITY, folder).capacity == CAPACITY


def test_host(monkeypatch: pytest.MonkeyPatch) -> None:
    capacity = host_capacity()
    assert capacity.memory >= 256
    assert 1 <= capacity.cpus <= (os.cpu_count() or 1)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    assert default_folder() == Path(f"/run/user/7/bootmatrix-{os.getuid()}")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert default_folder().name == f"bootmatrix-{os.getuid()}"
