"""Images pushed to and pulled from a real registry on this host, and archives as `docker save` writes them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image.oci.layout import Absent, OciLayout
from harness.image.oci.shelf import Shelf, only
from harness.image.oci.skopeo import Registry, archive_layout
from harness.kernel.debian import fetch, unpack
from harness.store import Store
from harness.words import Arch
from tests.unit.image.oci.layouts import Maker, member, one, tar


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """Debian's docker-registry on a port of loopback, unpacked and not installed; gives host:port."""
    deb = fetch("docker-registry", Arch.X86_64, Store())
    inner = "usr/bin/docker-registry"
    unpack(deb, tmp_path, lambda name: inner if name == inner else None)
    program = str(tmp_path / inner)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = tmp_path / "registry.yml"
    settings = {
        "version": 0.1,
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
        "http": {"addr": address},
    }
    config.write_text(json.dumps(settings))
    process = subprocess.Popen([program, "serve", str(config)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        assert process.stderr is not None
        said = b""
        for line in process.stderr:  # until it says that it listens
            said += line
            if b"listening on" in line:
                break
        assert process.poll() is None, said
        drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        yield address
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        drain.wait(20)
    finally:
        process.kill()
        process.wait()
        process.stderr.close() if process.stderr else None


def push(layout: Path, address: str, name: str, *words: str) -> None:
    argv = ["skopeo", "copy", "-q", "--all", "--dest-tls-verify=false", *words, f"oci:{layout}:docker.io/test/it:1"]
    subprocess.run([*argv, f"docker://{address}/{name}"], check=True, timeout=60)


@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_a_push_and_a_pull(tmp_path: Path, store: Store, registry: str, form: str) -> None:
    push(one(tmp_path / "l", tar(member("bin/x", b"hello"))), registry, "some/it:1", "--format", form)
    ref = f"{registry}/some/it:1"
    found = Registry(store).resolve(ref, Arch.X86_64)
    (entry,) = [entry for entry in found.entries() if entry.content]
    assert entry.content is not None
    assert b"".join(entry.content.chunks()) == b"hello"
    # Once is enough: the registry is not asked again, not even whether it is there.
    push(one(tmp_path / "m", tar(member("bin/y", b"new"))), registry, "some/it:1")
    assert Registry(store).resolve(ref, Arch.X86_64).digest == found.digest
    fresh = Registry(store, fresh=True).resolve(ref, Arch.X86_64)
    assert [entry.path for entry in fresh.entries()] == ["bin", "bin/y"]


def test_each_architecture_gets_its_own(tmp_path: Path, store: Store, registry: str) -> None:
    maker = Maker(tmp_path / "l")
    heads = [(f"linux/{name}", maker.image(tar(member(name, b"")), architecture=name)) for name in ("amd64", "arm64")]
    maker.name(maker.index(*heads), "docker.io/test/it:1")
    push(tmp_path / "l", registry, "it:1")
    for arch in (Arch.X86_64, Arch.ARM64):
        found = Registry(store).resolve(f"{registry}/it:1", arch)
        assert [entry.path for entry in found.entries()] == [arch.debian]


def test_what_a_registry_says_is_passed_on(store: Store, registry: str) -> None:
    with pytest.raises(Absent, match=f"the registry {registry} gives no {registry}/none:1: .*unknown"):
        Registry(store).resolve(f"{registry}/none:1", Arch.X86_64)
    assert not list(store.root.glob(".oci-*"))


def test_a_registry_that_is_not_there(store: Store) -> None:
    with pytest.raises(Absent, match=r"127\.0\.0\.1:1 gives no .*refused"):
        Registry(store).resolve("127.0.0.1:1/it:1", Arch.X86_64)


def test_archives_of_docker_save(tmp_path: Path, store: Store) -> None:
    layout = one(tmp_path / "l", tar(member("bin/x", b"hello")))
    argv = ["skopeo", "copy", "-q", f"oci:{layout}:docker.io/test/it:1"]
    subprocess.run([*argv, f"docker-archive:{tmp_path}/a.tar:test/it:1"], check=True, timeout=60)
    found = archive_layout(tmp_path / "a.tar", store).resolve("test/it:1", Arch.X86_64)
    assert [entry.path for entry in found.entries()] == ["bin", "bin/x"]


@pytest.mark.parametrize("data", [b"", b"no archive" * 200, tar(member("x", b""))])
def test_files_that_are_no_archive(tmp_path: Path, store: Store, data: bytes) -> None:
    (tmp_path / "a.tar").write_bytes(data)
    with pytest.raises(InputError, match=r"a\.tar"):
        archive_layout(tmp_path / "a.tar", store)


def test_the_shelf_takes_only_what_is_sound(tmp_path: Path, store: Store) -> None:
    shelf = Shelf(store, Arch.X86_64)
    good = OciLayout(one(tmp_path / "a", tar(member("f", b"1"))), store)
    shelf.add(good, only(good), "it:1")
    bad = OciLayout(one(tmp_path / "b", tar(member("f", b"2"))), store)
    layer = max((tmp_path / "b/blobs/sha256").iterdir(), key=lambda path: b"\x1f\x8b" in path.read_bytes()[:2])
    layer.write_bytes(layer.read_bytes()[:-1] + b"?")
    with pytest.raises(InputError, match="blob sha256"):
        shelf.add(bad, only(bad), "it:1")
    found = shelf.layout.resolve("it:1", Arch.X86_64)
    assert found.digest == only(good).digest
    # A blob of the shelf's own that was damaged is mended by the next add.
    own = shelf.folder / "blobs/sha256" / only(good).hex
    own.write_bytes(b"?" * own.stat().st_size)
    shelf.add(good, only(good), "it:1")
    assert shelf.layout.resolve("it:1", Arch.X86_64).digest == found.digest
    assert not list(shelf.folder.rglob(".*"))
