"""The NoCloud ISO and the scratch disks."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pycdlib
import pytest

from harness.errors import InputError
from harness.image.nocloud import nocloud_iso
from harness.image.scratch import label, write_scratch
from harness.store import Store


def test_iso_tells_who_it_is(store: Store) -> None:
    path = nocloud_iso("i-0123", "my-host", store)
    iso = pycdlib.PyCdlib()
    iso.open(str(path))
    assert iso.pvd.volume_identifier.decode().rstrip() == "cidata"
    for names in ({"rr_path": "/meta-data"}, {"joliet_path": "/meta-data"}):
        out = io.BytesIO()
        iso.get_file_from_iso_fp(out, **names)
        assert out.getvalue() == b"instance-id: i-0123\nlocal-hostname: my-host\n"
    iso.close()
    # What the init reads to find it.
    assert path.read_bytes()[8 * 4101 : 8 * 4102] == b"cidata  "


def test_iso_is_the_same_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for zone in ("UTC", "Asia/Kathmandu", "America/Los_Angeles"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        made.append(nocloud_iso("i-0123", "my-host", Store(tmp_path / zone)).read_bytes())
    monkeypatch.undo()
    time.tzset()
    assert made[0] == made[1] == made[2]
    assert str(time.gmtime().tm_year).encode() not in made[0]


@pytest.mark.parametrize(
    ("instance", "host"),
    [
        ("", "h"),
        ("a b", "h"),
        ("a\nuser-data: x", "h"),
        ("i", ""),
        ("i", "-h"),
        ("i", "h\n"),
        ("i", "h" * 64),
        ("i", "a.b"),
    ],
)
def test_hostile_values(store: Store, instance: str, host: str) -> None:
    with pytest.raises(InputError):
        nocloud_iso(instance, host, store)


def test_scratch_disk_is_sparse(tmp_path: Path) -> None:
    write_scratch(tmp_path / "disk", 3, 1024)
    status = (tmp_path / "disk").stat()
    assert status.st_size == 1 << 30
    assert status.st_blocks * 512 < 1 << 20
    with (tmp_path / "disk").open("rb") as stream:
        assert stream.read(512) == b"bootmatrix-disk-3\n" + bytes(512 - 18)
    assert len(label(12)) < 40
