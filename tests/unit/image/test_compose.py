"""What an assembly is composed of: LinuxKit's layout, and what happens where two sources want one path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image.entries import Entry, Kind, character, file, folder, link
from harness.image.rootfs import prepared
from harness.image.tree import Tree
from tests.unit.image.fakes import KERNEL, composed, data_of, json_of, usual

CONTAINERS = """
onboot: [{name: a, image: t/app:1, uid: c}]
onshutdown: [{name: b, image: t/init:1, readonly: true}]
services: [{name: c, image: t/app:1, additionalGids: [a, b, root]}]
"""


def test_layout(tmp_path: Path) -> None:
    text = "kernel: {image: t/kernel:1, cmdline: console=ttyS0, ucode: uc}\ninit: [t/init:1]\nvolumes: [{name: v}]\n"
    found = composed(tmp_path, text + CONTAINERS)
    assert data_of(found["boot/kernel"]) == KERNEL
    assert data_of(found["boot/cmdline"]) == b"console=ttyS0"
    assert data_of(found["boot/ucode.cpio"]) == b"ucode"
    assert data_of(found["lib/modules/6/x"]) == b"module"
    assert data_of(found["bin/init"]) == b"#!init"
    assert found["etc/resolv.conf"].target == "/run/resolvconf/resolv.conf"
    for path in ("lower", "tmp", "merged"):
        assert found[f"containers/volumes/v/{path}"].kind is Kind.FOLDER
    assert data_of(found["containers/onboot/000-a/lower/app"]) == b"app"
    assert found["containers/onboot/000-a/lower/etc/resolv.conf"].kind is Kind.FILE
    assert "containers/onshutdown/000-b/rootfs/bin/init" in found
    assert "containers/onshutdown/000-b/tmp" not in found


def test_containers_of_one_image_share_its_tree(tmp_path: Path) -> None:
    found = composed(tmp_path, CONTAINERS)
    assert not any(path.startswith("containers/services/c/lower") for path in found)
    mounts = json_of(found, "containers/services/c/runtime.json")["mounts"]
    assert mounts[2]["options"][0] == "lowerdir=/containers/onboot/000-a/lower"
    bound = json_of(found, "containers/onshutdown/000-b/runtime.json")["mounts"]
    rootfs = "/containers/onshutdown/000-b/rootfs"
    assert bound == [{"destination": rootfs, "source": rootfs, "options": ["bind"]}]


def test_ids_are_counted_over_all_sections(tmp_path: Path) -> None:
    found = composed(tmp_path, CONTAINERS)
    assert json_of(found, "containers/onboot/000-a/config.json")["process"]["user"] == {"uid": 102, "gid": 0}
    assert json_of(found, "containers/services/c/config.json")["process"]["user"]["additionalGids"] == [100, 101, 0]


def test_volumes_are_bound_by_name(tmp_path: Path) -> None:
    text = "volumes: [{name: v, readonly: true}, {name: o, image: t/app:1, format: oci, platforms: [linux/arm64]}]\n"
    service = (
        "services: [{name: s, image: t/app:1, binds: ['v:/v:ro'], mounts: [{type: bind, source: o, destination: /o}]}]"
    )
    found = composed(tmp_path, text + service)
    mounts = {one["destination"]: one for one in json_of(found, "containers/services/s/config.json")["mounts"]}
    assert mounts["/v"]["source"] == "/containers/volumes/v/merged"
    assert mounts["/v"]["options"] == ["ro", "rbind"]
    assert mounts["/o"]["source"] == "/containers/volumes/o/merged"
    assert data_of(found["containers/volumes/o/lower/index.json"]) == b'["docker.io/t/app:1", "linux/arm64"]'
    for wrong in ("binds: ['v:/v']", "mounts: [{type: bind, source: v, destination: /v}]"):
        with pytest.raises(InputError, match="read-only"):
            composed(tmp_path, f"{text}services: [{{name: s, image: t/app:1, {wrong}}}]")


def test_files(tmp_path: Path) -> None:
    (tmp_path / "beside").write_text("from disk")
    found = composed(
        tmp_path,
        "init: [t/init:1]\nservices: [{name: s, image: t/app:1}]\nfiles:\n"
        "  - {path: etc/issue, contents: hello}\n"
        "  - {path: new/deep/x, contents: x, mode: '0640', uid: s}\n"
        "  - {path: twice, contents: one}\n"
        "  - {path: twice, contents: two}\n"
        "  - {path: from, source: beside}\n"
        "  - {path: gone, source: nowhere, optional: true}\n"
        "  - {path: p/../q, contents: q}\n"
        "  - {path: bin/init, contents: mine}\n",
    )
    assert found["etc"].mode == 0o755, "a folder that is there keeps its mode"
    assert found["etc/issue"].mode == 0o600
    assert (found["new/deep"].mode, found["new/deep"].uid) == (0o750, 100)
    assert data_of(found["twice"]) == b"two"
    assert data_of(found["from"]) == b"from disk"
    assert "gone" not in found
    assert (found["q"].spelled, "p" in found) == ("p/../q", False)
    assert data_of(found["bin/init"]) == b"mine"


def test_two_images_that_differ_are_named(tmp_path: Path) -> None:
    source = usual()
    source.add("docker.io/t/other:1", [folder("bin"), file("bin/init", b"another")])
    with pytest.raises(
        InputError, match=r"in0.yml:1 \(init\[1\]\): docker.io/t/init:1 .init.0.. and docker.io/t/other:1"
    ):
        composed(tmp_path, "init: [t/init:1, t/other:1]", source=source)
    source.add("docker.io/t/other:1", [folder("bin"), file("bin/init", b"#!init")])
    composed(tmp_path, "init: [t/init:1, t/other:1]", source=source)


def test_package_records_of_images_are_united(tmp_path: Path) -> None:
    source = usual()
    for name in "ab":
        source.add(
            f"docker.io/t/{name}:1",
            [file("lib/apk/db/installed", name.encode()), file("lib/apk/db/lock", name.encode())],
        )
    found = composed(tmp_path, "init: [t/a:1, t/b:1]", source=source)
    assert data_of(found["lib/apk/db/installed"]) == b"a\n\nb\n\n"


@pytest.mark.parametrize("order", [("t/merged:1", "t/plain:1"), ("t/plain:1", "t/merged:1")])
def test_a_merged_usr_beside_one_that_is_not(tmp_path: Path, order: tuple[str, str]) -> None:
    source = usual()
    source.add(
        "docker.io/t/merged:1", [folder("usr"), folder("usr/lib"), file("usr/lib/m", b"m"), link("lib", "usr/lib")]
    )
    source.add(
        "docker.io/t/plain:1",
        [folder("lib"), file("lib/p", b"p"), Entry("lib/q", Kind.HARDLINK, 0o644, target="lib/p")],
    )
    found = composed(tmp_path, f"init: [{order[0]}, {order[1]}]", source=source)
    assert found["lib"].kind is Kind.SYMLINK
    assert data_of(found["usr/lib/p"]) == b"p"
    assert found["usr/lib/m"].kind is Kind.FILE


@pytest.mark.parametrize("target", ["../../etc", "loop"])
def test_links_that_lead_nowhere(target: str) -> None:
    tree = Tree()
    tree.add(link("loop", target), "one")
    with pytest.raises(InputError, match="'loop/x' of two lies below a link that leads nowhere"):
        tree.add(file("loop/x", b""), "two")


def test_a_replaced_file_leaves_its_bytes_to_its_other_names() -> None:
    tree = Tree()
    tree.add(file("a", b"old"), "one")
    for name in "bc":
        tree.add(Entry(name, Kind.HARDLINK, 0o644, target="a"), "one")
    tree.add(file("a", b"new"), "two", override=True)
    found = {entry.path: entry for entry in tree}
    assert (data_of(found["a"]), data_of(found["b"])) == (b"new", b"old")
    assert (found["c"].kind, found["c"].target) == (Kind.HARDLINK, "b")


def test_what_docker_leaves_is_replaced() -> None:
    hosts = replace(file("etc/hosts", b"mine"), uid=7)
    given = [folder("dev"), character("dev/console", 5, 1), character("dev/null", 1, 3), folder("etc"), hosts,
             Entry("etc/same", Kind.HARDLINK, 0o644, target="etc/hosts"), file(".dockerenv", b""),
             folder("etc/resolv.conf"), file("etc/resolv.conf/x", b""), link("proc", "/x")]  # fmt: skip
    found = {entry.path: entry for entry in prepared(given, resolv_link=False)}
    assert not {"dev/console", ".dockerenv", "etc/resolv.conf/x"} & set(found)
    assert (data_of(found["etc/hosts"])[:9], found["etc/hosts"].uid) == (b"127.0.0.1", 7)
    assert data_of(found["etc/same"]) == b"mine"
    assert found["etc/resolv.conf"].kind is Kind.FILE
    assert {"dev/null", "dev/pts", "sys"} <= set(found)
    below_a_link = {entry.path for entry in prepared([link("etc", "usr/etc")], resolv_link=False)}
    assert "etc/hosts" not in below_a_link
