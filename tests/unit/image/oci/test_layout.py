"""Images found by name and platform, and nothing believed that its digest does not vouch for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image.entries import LABEL
from harness.image.oci.layout import Absent, OciLayout
from harness.image.oci.reference import full_name
from harness.image.oci.sources import Chain
from harness.store import Store
from harness.words import Arch
from tests.unit.image.oci.layouts import OCI, Maker, member, one, tar


def paths(layout: OciLayout, ref: str, arch: Arch = Arch.X86_64) -> list[str]:
    return [entry.path for entry in layout.resolve(ref, arch).entries()]


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("alpine", "docker.io/library/alpine"),
        ("alpine:3", "docker.io/library/alpine:3"),
        ("org/it:1", "docker.io/org/it:1"),
        ("docker.io/alpine", "docker.io/library/alpine"),
        ("reg.example.com/a/b/c:3", "reg.example.com/a/b/c:3"),
        ("localhost/it", "localhost/it"),
        ("127.0.0.1:5000/it:x", "127.0.0.1:5000/it:x"),
        ("[::1]:5000/it", "[::1]:5000/it"),
        ("it@sha256:" + "a" * 64, "docker.io/library/it@sha256:" + "a" * 64),
    ],
)
def test_names_are_as_everywhere(short: str, full: str) -> None:
    assert full_name(short) == full


@pytest.mark.parametrize(
    "name", ["", "Upper", "lk test:1", "-x", "a:b:c", "a//b", "../x", "a@sha256:12", "x\n", "a" * 500]
)
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of an image"):
        full_name(name)


def test_platforms_are_told_apart_and_attestations_are_none(tmp_path: Path, store: Store) -> None:
    maker = Maker(tmp_path / "l")
    heads = {
        text: maker.image(tar(member(text.replace("/", "-"), b"")), architecture=text.split("/")[1])
        for text in ("linux/amd64", "linux/arm64/v8", "linux/arm/v6", "linux/arm/v7", "linux/s390x")
    }
    for vendor in ("oci", "docker"):
        index = maker.index(*heads.items(), ("unknown/unknown", maker.image(tar())), vendor=vendor)
        maker.name(index, f"docker.io/test/{vendor}:1")
        layout = OciLayout(tmp_path / "l", store)
        ref = f"test/{vendor}:1"
        assert paths(layout, ref) == ["linux-amd64"]
        assert paths(layout, ref, Arch.ARM64) == ["linux-arm64-v8"]
        assert paths(layout, ref, Arch.ARMHF) == ["linux-arm-v7"]
        with pytest.raises(InputError, match=r"linux/riscv64.*linux/amd64, linux/arm/v6.*linux/s390x") as caught:
            layout.resolve(ref, Arch.RISCV64)
        assert "unknown" not in str(caught.value)


def test_an_image_of_its_own_says_its_platform_in_its_configuration(tmp_path: Path, store: Store) -> None:
    layout = OciLayout(one(tmp_path / "l", tar(member("f", b""))), store)
    assert paths(layout, "test/it:1") == ["f"]
    with pytest.raises(InputError, match="not for linux/arm64/v8, but for linux/amd64"):
        layout.resolve("test/it:1", Arch.ARM64)


def test_no_tag_is_implied(tmp_path: Path, store: Store) -> None:
    maker = Maker(tmp_path / "l")
    maker.name(maker.image(tar()), "docker.io/library/plain:latest")
    layout = OciLayout(tmp_path / "l", store)
    assert paths(layout, "plain:latest") == []
    with pytest.raises(Absent):
        layout.resolve("plain", Arch.X86_64)


def test_docker_save_keeps_the_name_in_its_own_annotation(tmp_path: Path, store: Store) -> None:
    maker = Maker(tmp_path / "l")
    head = maker.image(tar(member("f", b"")))
    notes = {"org.opencontainers.image.ref.name": "1", "io.containerd.image.name": "docker.io/test/it:1"}
    maker.save([head | {"annotations": notes}])
    assert paths(OciLayout(tmp_path / "l", store), "test/it:1") == ["f"]


def test_a_digest_finds_a_manifest_also_inside_an_index(tmp_path: Path, store: Store) -> None:
    maker = Maker(tmp_path / "l")
    inner = maker.image(tar(member("f", b"")))
    maker.name(maker.index(("linux/amd64", inner)), "docker.io/test/it:1")
    layout = OciLayout(tmp_path / "l", store)
    found = layout.resolve(f"test/it@{inner['digest']}", Arch.X86_64)
    assert found.digest == inner["digest"]
    with pytest.raises(Absent):
        layout.resolve("test/it@sha256:" + "0" * 64, Arch.X86_64)


def test_configuration_and_label_reach_the_reader(tmp_path: Path, store: Store) -> None:
    config = {"Entrypoint": ["/x"], "Labels": {LABEL: '{"readonly": true}'}}
    found = OciLayout(one(tmp_path / "l", tar(), config=config), store).resolve("test/it:1", Arch.X86_64)
    assert found.config == config
    assert found.label == '{"readonly": true}'


def blob_of(where: Path, what: str) -> Path:
    """The blob that is the manifest, the configuration or the layer."""
    head = json.loads((where / "index.json").read_bytes())["manifests"][0]
    manifest = json.loads((where / "blobs/sha256" / head["digest"][7:]).read_bytes())
    found = {"manifest": head, "config": manifest["config"], "layer": manifest["layers"][0]}[what]
    return where / "blobs/sha256" / found["digest"][7:]


@pytest.mark.parametrize("what", ["manifest", "config", "layer"])
@pytest.mark.parametrize("how", ["altered", "cut", "missing", "longer", "pipe"])
@pytest.mark.parametrize("warm", [False, True])
def test_a_blob_that_is_not_what_it_was_is_named(tmp_path: Path, store: Store, what: str, how: str, warm: bool) -> None:
    where = one(tmp_path / "l", tar(member("f", b"x" * 3000)))
    if warm:  # the layer is unpacked in the store already; the layout must still be sound
        OciLayout(where, store).resolve("test/it:1", Arch.X86_64)
    path = blob_of(where, what)
    data = path.read_bytes()
    path.unlink()
    if how == "altered":
        path.write_bytes(data[:60] + bytes([data[60] ^ 1]) + data[61:])
    elif how == "pipe":
        import os

        os.mkfifo(path)
    elif how != "missing":
        path.write_bytes(data[:-1] if how == "cut" else data + b" ")
    with pytest.raises(InputError) as caught:
        OciLayout(where, store).resolve("test/it:1", Arch.X86_64)
    assert f"blob sha256:{path.name}" in str(caught.value)
    assert not isinstance(caught.value, Absent)


def test_bytes_altered_in_the_store_are_not_given(tmp_path: Path, store: Store) -> None:
    import os

    layout = OciLayout(one(tmp_path / "l", tar(member("f", b"good" * 100))), store)
    entries = list(layout.resolve("test/it:1", Arch.X86_64).entries())
    archive = next(store.root.glob("oci-layer/*/layer.tar"))
    status = archive.stat()
    archive.write_bytes(archive.read_bytes().replace(b"goodgood", b"evilgood", 1))
    os.utime(archive, ns=(status.st_atime_ns, status.st_mtime_ns))
    content = entries[0].content
    assert content is not None
    with pytest.raises(InputError, match=r"layer\.tar.*altered"):
        list(content.chunks())
    with pytest.raises(InputError, match=r"layer\.tar.*altered"):
        list(content.part(0, 4).chunks())


def test_a_layer_that_is_not_what_the_configuration_says_is_refused(tmp_path: Path, store: Store) -> None:
    rootfs = {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}
    where = one(tmp_path / "l", tar(member("f", b"")), rootfs=rootfs)
    with pytest.raises(InputError, match="the image's configuration says sha256:000"):
        OciLayout(where, store).resolve("test/it:1", Arch.X86_64)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"rootfs": {"diff_ids": []}}, "another number of diff_ids"),
        ({"rootfs": {"diff_ids": ["md5:1"]}}, "no digest of what it unpacks to"),
        ({"layer_media": "application/vnd.in-toto+json"}, "no file system"),
        ({"layer_media": f"{OCI}.layer.v1.tar+gzip+encrypted"}, "no file system"),
        ({"config": ["x"]}, "not an object"),
    ],
)
def test_manifests_that_make_no_sense_are_refused(
    tmp_path: Path, store: Store, fields: dict[str, object], words: str
) -> None:
    where = one(tmp_path / "l", tar(), **fields)
    with pytest.raises(InputError, match=words) as caught:
        OciLayout(where, store).resolve("test/it:1", Arch.X86_64)
    assert "test/it:1" in str(caught.value)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"manifests": {}}', "manifests is not a list"),
        (b'{"manifests": [1]}', r"manifests\[0\] is not a descriptor"),
        (b'{"manifests": [{"digest": "../../x", "size": 1}]}', "no SHA-256 digest"),
        (b'{"manifests": [{"digest": "sha256:' + b"a" * 64 + b'", "size": -1}]}', "has no size"),
        (b"[" * 100000, "not JSON"),
    ],
)
def test_indexes_of_strangers(tmp_path: Path, store: Store, index: bytes, words: str) -> None:
    where = one(tmp_path / "l")
    (where / "index.json").write_bytes(index)
    with pytest.raises(InputError, match=words):
        OciLayout(where, store).resolve("test/it:1", Arch.X86_64)


def test_indexes_that_contain_one_another_for_ever_cannot_be_but_deep_ones_can(tmp_path: Path, store: Store) -> None:
    maker = Maker(tmp_path / "l")
    head = maker.image(tar())
    for _ in range(8):
        head = maker.index(("linux/amd64", head))
    maker.name(head, "docker.io/test/it:1")
    with pytest.raises(InputError, match="nested too deeply"):
        OciLayout(tmp_path / "l", store).resolve("test/it:1", Arch.X86_64)


def test_a_folder_that_is_no_layout_says_how_to_make_one(tmp_path: Path, store: Store) -> None:
    with pytest.raises(InputError, match=r"no OCI image layout.*skopeo copy"):
        OciLayout(tmp_path, store).resolve("test/it:1", Arch.X86_64)


def test_an_error_names_every_place_asked(tmp_path: Path, store: Store) -> None:
    first, second = one(tmp_path / "a", tar()), one(tmp_path / "b", tar(member("f", b"")))
    chain = Chain([OciLayout(first, store), OciLayout(second, store)])
    assert list(chain.resolve("test/it:1", Arch.X86_64).entries()) == []
    with pytest.raises(InputError) as caught:
        chain.resolve("test/other:1", Arch.X86_64)
    assert str(first) in str(caught.value)
    assert str(second) in str(caught.value)
    with pytest.raises(InputError):
        chain.layout("test/other:1", ())


def test_a_damaged_image_is_not_replaced_by_that_of_the_next_place(tmp_path: Path, store: Store) -> None:
    first, second = one(tmp_path / "a", tar(member("f", b"1"))), one(tmp_path / "b", tar(member("f", b"2")))
    blob_of(first, "layer").write_bytes(b"")
    with pytest.raises(InputError, match="blob sha256"):
        Chain([OciLayout(first, store), OciLayout(second, store)]).resolve("test/it:1", Arch.X86_64)


def test_a_layout_of_one_image_holds_what_it_needs_and_no_more(tmp_path: Path, store: Store) -> None:
    maker = Maker(tmp_path / "l")
    amd64 = maker.image(tar(member("f", b"1")))
    arm64 = maker.image(tar(member("f", b"2")), architecture="arm64")
    maker.name(maker.index(("linux/amd64", amd64), ("linux/arm64/v8", arm64)), "docker.io/test/it:1")
    maker.name(maker.image(tar(member("f", b"3"))), "docker.io/test/other:1")
    layout = OciLayout(tmp_path / "l", store)
    for platforms, arches in (((), [Arch.X86_64, Arch.ARM64]), (("linux/arm64",), [Arch.ARM64])):
        copy = tmp_path / f"copy{len(platforms)}"
        for entry in layout.layout("test/it:1", platforms):
            if entry.content:
                (copy / entry.path).write_bytes(b"".join(entry.content.chunks()))
            else:
                (copy / entry.path).mkdir(parents=True)
        for arch in arches:
            assert paths(OciLayout(copy, store), "test/it:1", arch) == ["f"]
        assert len(list((copy / "blobs/sha256").iterdir())) == 3 * len(arches) + (1 if not platforms else 0)
    with pytest.raises(InputError, match="no platform"):
        list(layout.layout("test/it:1", ("a/b/c/d",)))
