"""What a reader takes of a repository, and every attack that TUF is there to stop."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HostError, InputError
from harness.image.oci.layout import Absent, OciLayout
from harness.image.trust.keys import ROLES
from harness.words import Arch
from tests.unit.image.trust.conftest import LONG_AGO, NAME, Bench


def test_an_image_is_read_from_a_folder_and_by_http(bench: Bench, served: Callable[[Path], str]) -> None:
    assert bench.text() == b"one"
    assert bench.text(where=served(bench.folder), store="other") == b"one"


def test_what_is_published_later_is_seen_by_a_reader_of_the_first_root(bench: Bench) -> None:
    assert bench.text() == b"one"
    bench.publish(b"two")
    assert bench.text() == b"two"
    second = bench.publish(b"", "docker.io/test/second:2")
    assert ("x86_64/docker.io/test/second:2", second) in bench.reader().names()


def test_a_repository_is_a_layout_for_any_tool(bench: Bench) -> None:
    found = OciLayout(bench.folder, bench.store("plain")).resolve(NAME, Arch.X86_64)
    assert found.digest == dict(bench.reader().names())[f"x86_64/{NAME}"]


def test_an_image_that_is_not_signed_is_not_there(bench: Bench) -> None:
    for ref, arch in (("test/other:1", Arch.X86_64), (NAME, Arch.ARM64), (f"{NAME}@sha256:{'0' * 64}", Arch.X86_64)):
        with pytest.raises(Absent, match="signed"):
            bench.reader().resolve(ref, arch)


def test_a_digest_in_the_name_must_be_the_signed_one(bench: Bench) -> None:
    digest = dict(bench.reader().names())[f"x86_64/{NAME}"]
    assert bench.reader().resolve(f"{NAME}@{digest}", Arch.X86_64).digest == digest


def test_rollback_is_refused(bench: Bench) -> None:
    before = bench.tmp / "before"
    shutil.copytree(bench.folder, before)
    bench.publish(b"two")
    assert bench.text() == b"two"
    shutil.rmtree(bench.folder)
    before.rename(bench.folder)
    with pytest.raises(InputError, match=r"was rolled back.*version 2 must be >= 3"):
        bench.text()


def test_rollback_is_refused_of_a_reader_at_another_address(bench: Bench) -> None:
    """Where nothing is remembered, a rolled-back repository is one like any other: said here so that nobody relies on
    more than TUF gives."""
    before = bench.tmp / "before"
    shutil.copytree(bench.folder, before)
    bench.publish(b"two")
    assert bench.text() == b"two"
    assert bench.text(where=str(before), store="who never read it") == b"one"


@pytest.mark.parametrize("role", ROLES)
def test_freeze_is_refused(bench: Bench, role: str) -> None:
    """An expired signature of any role."""
    other = Bench(bench.tmp / "expired")
    days = {name: 1 if name == role else 10_000 for name in ROLES}
    other.repository(days=days, now=LONG_AGO).create()
    with pytest.raises(InputError, match=f"{role}.* is expired.*held back"):
        other.reader().signed(NAME, Arch.X86_64)


def test_refreshing_ends_a_freeze(bench: Bench) -> None:
    bench.publish(b"two", now=LONG_AGO)
    with pytest.raises(InputError, match="expired"):
        bench.text()
    assert bench.repository().refresh() == ["targets", "snapshot", "timestamp"]
    assert bench.text() == b"two"


def test_keys_of_the_timestamp_alone_do_not_sign_images(bench: Bench) -> None:
    (bench.tmp / "keys/targets.pem").unlink()
    assert bench.repository().refresh() == ["snapshot", "timestamp"]
    with pytest.raises(InputError, match=r"the key of the role targets cannot be read.*targets\.pem"):
        bench.publish(b"two")
    assert bench.text() == b"one"


def test_another_root_is_refused(bench: Bench) -> None:
    other = Bench(bench.tmp / "other")
    other.repository().create()
    with pytest.raises(InputError, match="not signed by the keys of the trusted root"):
        bench.text(root=other.root)


def test_what_is_no_root_is_named(bench: Bench) -> None:
    with pytest.raises(InputError, match=r"1\.targets\.json is no root of a repository"):
        bench.text(root=bench.folder / "metadata/1.targets.json")
    with pytest.raises(InputError, match=r"trusted root .*nowhere cannot be read"):
        bench.text(root=bench.tmp / "nowhere")


@pytest.mark.parametrize("blob", ["manifest", "config", "layer"])
def test_an_altered_blob_is_refused_by_its_name(bench: Bench, blob: str) -> None:
    digests = _blobs(bench)
    path = bench.folder / "blobs/sha256" / digests[blob]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"{NAME}: blob sha256:{digests[blob]} .* was altered"):
        bench.text()
    path.write_bytes(data + b"more")
    with pytest.raises(InputError, match=f"blob sha256:{digests[blob]} .* more than"):
        bench.text()


def test_a_blob_that_is_altered_in_the_store_is_fetched_again(bench: Bench) -> None:
    assert bench.text() == b"one"
    for path in bench.store("reader").root.glob("tuf/*/images/blobs/sha256/*"):
        path.write_bytes(b"altered")
    assert bench.text() == b"one"


def test_mixed_states_are_refused(bench: Bench) -> None:
    """The signed list of one state under the snapshot of another: each is signed, together they never were."""
    there = Bench(bench.tmp / "there")
    for name in ("repo", "keys"):
        shutil.copytree(bench.tmp / name, there.tmp / name)
    bench.publish(b"two")
    there.publish(b"three")
    shutil.copy(there.folder / "metadata/3.targets.json", bench.folder / "metadata/3.targets.json")
    with pytest.raises(InputError, match="a file is not the one that was signed"):
        bench.text()


def test_a_changed_list_is_refused(bench: Bench) -> None:
    path = bench.folder / "metadata/2.targets.json"
    found = json.loads(path.read_bytes())
    found["signed"]["targets"][f"x86_64/{NAME}"]["hashes"]["sha256"] = "0" * 64
    path.write_text(json.dumps(found))
    with pytest.raises(InputError, match="not the one that was signed"):
        bench.text()


@pytest.mark.parametrize("name", ["timestamp.json", "2.snapshot.json", "2.targets.json"])
@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"signed": {}}', b"\x00" * 100, b"x" * 100_000])
def test_what_is_no_metadata_is_refused(bench: Bench, name: str, data: bytes) -> None:
    (bench.folder / "metadata" / name).write_bytes(data)
    with pytest.raises(InputError, match=r"damaged|not the one that was signed"):
        bench.text()


def test_a_missing_file_and_a_missing_server_are_told(bench: Bench, served: Callable[[Path], str]) -> None:
    with pytest.raises(InputError, match="lacks a file"):
        bench.text(where=str(bench.tmp / "nowhere"))
    with pytest.raises(InputError, match="lacks a file"):
        bench.text(where=served(bench.tmp))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # nobody listens
        with pytest.raises(HostError, match="cannot be reached"):
            bench.text(where=f"http://127.0.0.1:{free.getsockname()[1]}")


@pytest.mark.parametrize("role", ROLES)
def test_a_new_key_is_believed_by_who_has_the_first_root_only(bench: Bench, role: str) -> None:
    assert bench.text() == b"one"
    new = bench.repository().rotate(role)
    assert new.name == "2.root.json"
    bench.publish(b"two")
    assert bench.text() == b"two"
    old = bench.tmp / "keys" / f"{role}.1.pem"
    assert old.is_file()
    if role != "root":
        shutil.copy(old, bench.tmp / "keys" / f"{role}.pem")
        bench.publish(b"three")
        with pytest.raises(InputError, match="not signed by the keys"):
            bench.text()


def test_keys_are_for_their_owner_only(bench: Bench) -> None:
    keys = bench.tmp / "keys"
    assert keys.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}
    (keys / "targets.pem").chmod(0o640)
    with pytest.raises(InputError, match=r"targets\.pem can be read by other users; chmod 600"):
        bench.publish(b"two")


def test_keys_and_repositories_are_not_made_twice(bench: Bench) -> None:
    with pytest.raises(InputError, match="is a repository already"):
        bench.repository().create()
    shutil.rmtree(bench.folder)
    with pytest.raises(InputError, match=r"root\.pem exists"):
        bench.repository().create()
    (bench.tmp / "keys/root.pem").write_text("no key")
    (bench.tmp / "keys/root.pem").chmod(0o600)
    with pytest.raises(InputError, match="no private key"):
        bench.repository().keys.signer("root")


def test_a_damaged_image_is_not_published(bench: Bench) -> None:
    layout = bench.layout(b"two")
    for path in (layout.folder / "blobs/sha256").iterdir():
        if path.read_bytes()[:2] == b"\x1f\x8b":
            path.write_bytes(b"altered".ljust(path.stat().st_size, b"\0"))
    from harness.image.oci import media
    from harness.image.trust.repository import Published

    head = layout.manifest(NAME, media.platform_of(Arch.X86_64))
    with pytest.raises(InputError, match="altered"):
        bench.repository().publish([Published(Arch.X86_64, NAME, layout, head)], bench.store("publisher"))
    assert bench.text() == b"one"


def _blobs(bench: Bench) -> dict[str, str]:
    manifest = dict(bench.reader(store="look").names())[f"x86_64/{NAME}"].partition(":")[2]
    found = json.loads((bench.folder / "blobs/sha256" / manifest).read_bytes())
    digests = {"manifest": manifest, "config": found["config"]["digest"], "layer": found["layers"][0]["digest"]}
    return {name: digest.rpartition(":")[2] for name, digest in digests.items()}
