"""target.yml: extends, precedence, precise messages, and values that must not become syntax."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.plan.catalog import Catalog, builtin_root, deep_merge

from .conftest import BOARD, World


def edit(old: str, new: str) -> str:
    assert old in BOARD
    return BOARD.replace(old, new)


def test_a_target_loads_with_its_folders_name(world: World) -> None:
    target = world.plan("axes: {target: [board]}").cells[0].target
    assert (target.name, target.arch, target.class_, target.machine.memory) == ("board", "arm64", "iot", 256)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (edit("machine:", "machne:"), "bad/target.yml:4 (machne): unknown key 'machne'; did you mean 'machine'?"),
        (
            edit("  type: virt", "  type: virt\n  memroy: 5"),
            "bad/target.yml:6 (machine.memroy): unknown key 'memroy'; did you mean 'memory'?",
        ),
        (
            edit("arm64\nclass", "arm46\nclass"),
            "bad/target.yml:2 (arch): 'arm46' is not known here; did you mean 'arm64'?",
        ),
        (edit("iot", "iott"), "bad/target.yml:3 (class): 'iott' is not known here; did you mean 'iot'?"),
        (edit("class: iot", "class_: iot"), "bad/target.yml:3 (class_): unknown key 'class_'; did you mean 'class'?"),
        (edit("summary: a board\n", ""), "bad/target.yml:1 (summary): key 'summary' is missing"),
        (edit("  device: ttyAMA0", "  port: 0"), "bad/target.yml:6 (console.device): key 'device' is missing"),
        (
            BOARD + "disks:\n- bus: virtio\n- bus: sacsi\n",
            "bad/target.yml:12 (disks[1].bus): 'sacsi' is not known here; did you mean 'scsi'?",
        ),
        (
            BOARD + "disks:\n- bus: virtio\n  sise: 3\n",
            "bad/target.yml:12 (disks[0].sise): unknown key 'sise'; did you mean 'size'?",
        ),
        (BOARD + "disks: virtio\n", "bad/target.yml:10 (disks): expected a list, got 'virtio'"),
        (BOARD + "drivers: [e1000, 5]\n", "bad/target.yml:10 (drivers[1]): expected a valid string, got 5"),
        (BOARD + "boot: {resets: '1'}\n", "bad/target.yml:10 (boot.resets): expected a valid integer, got '1'"),
        (BOARD + "boot: {poweroff: yes}\n", "bad/target.yml:10 (boot.poweroff): expected a valid boolean, got 'yes'"),
        (BOARD + "boot: {resets: true}\n", "(boot.resets): expected a valid integer, got true or false"),
        (BOARD + "boot: {deadline: .inf}\n", "(boot.deadline): expected a valid number, got '.inf'"),
        (BOARD + "boot: {deadline: -1}\n", "(boot.deadline): expected greater than 0, got -1"),
        (
            edit("machine:\n  type: virt", "machine: virt"),
            "bad/target.yml:4 (machine): expected keys and values (a mapping), got 'virt'",
        ),
        (
            edit("machine:\n  type: virt", "machine:"),
            "bad/target.yml:4 (machine): expected keys and values (a mapping), got nothing",
        ),
        (BOARD + "devices: [{addr: '1'}]\n", "(devices[0]): a device needs `driver`"),
        (BOARD + "devices: [{driver: x, addr: 1.5}]\n", "(devices[0].addr): expected a valid string, got 1.5"),
        (BOARD + "name: other\n", "bad/target.yml:10 (name): the name of a target is its folder's, 'bad'"),
        (BOARD + "extends: bord\n", "bad/target.yml:10 (extends): unknown target 'bord'; did you mean 'board'?"),
        (BOARD + "extends: [board]\n", "bad/target.yml:10 (extends): expected the name of one target"),
        (BOARD + "extends: ../board\n", "bad/target.yml:10 (extends): unknown target '../board'"),
        (BOARD + "extends: bad\n", "(extends): extends goes in a circle: bad -> bad"),
        ("- a\n", "bad/target.yml:1: expected keys and values (a mapping)"),
        ("", "bad/target.yml: is empty"),
        (
            edit("arm64\nclass", "arm46\nclass") + "bot: 1\nnots: 2\n",
            "unknown key 'bot'; did you mean 'boot'? (2 more problems",
        ),
    ],
)
def test_messages(world: World, text: str, expected: str) -> None:
    assert expected in world.refuses_target(text)


@pytest.mark.parametrize(
    "value",
    [
        "a,b",
        "virt,accel=kvm",
        "a'b",
        'a"b',
        "a\nb",
        "a\\nb",
        "a b",
        "$(id)",
        "`id`",
        "a;b",
        "a|b",
        "../../etc/passwd",
        "/etc/passwd",
        "-S",
        "--help",
        "a=b",
        "\x1b[31m",
        "\u202egnp",
        "",
        "a" * 5000,
        "a\n",
        "ä",
    ],
)
@pytest.mark.parametrize(
    "template",
    [
        "machine: {type: @}",
        "machine: {type: virt, cpu: @}",
        "machine: {type: virt, firmware: @}",
        "machine: {type: virt, properties: {@: 1}}",
        "machine: {type: virt, properties: {a: @}}",
        "disks: [{bus: @}]",
        "disks: [{bus: sd, content: @}]",
        "nics: [{model: @}]",
        "console: {device: @}",
        "console: {device: ttyS0, channel: @}",
        "kernel: {package: @}",
        "drivers: [@]",
        "devices: [{driver: @}]",
        "devices: [{driver: x, @: 1}]",
        "arch: @",
        "class: @",
        "extends: @",
    ],
)
def test_no_value_becomes_syntax(world: World, template: str, value: str) -> None:
    quoted = '"' + value.encode("unicode_escape").decode().replace('"', '\\"') + '"'
    text = "extends: board\n" + template.replace("@", quoted) + "\n"
    if template.startswith("extends"):
        text = text.removeprefix("extends: board\n")
    assert "targets/bad/target.yml:" in world.refuses_target(text)


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("devices: [{driver: x, serial: @}]", ["a,b", "a'b", "/etc/passwd", "../x", "a\nb", "", "a;b", "$(id)"]),
        (
            "kernel: {package: linux-image, dtb: @}",
            ["/etc/passwd", "../x", "a/../../x", "a//b", "a/.", "a/", "a\nb", "-x"],
        ),
        ("cmdline: [@]", ["a b", "a\tb", 'a="b', "a\nb", "", "\x1b", "ä"]),
        ("summary: @", ["a\nb", "\x1b[2J", "\u202e", "", "x" * 201]),
        ("notes: @", ["\x1b[2J", "\u202e", "\x07", "x" * 20001]),
    ],
)
def test_freer_text_is_still_inert(world: World, template: str, values: list[str]) -> None:
    for value in values:
        quoted = '"' + value.encode("unicode_escape").decode().replace('"', '\\"') + '"'
        world.refuses_target("extends: board\n" + template.replace("@", quoted) + "\n")


def test_what_must_stay_allowed(world: World) -> None:
    world.target(
        "good",
        'extends: board\nsummary: Größe 10" (rev. B), ok\nnotes: |\n  two\n  lines\n'
        "cmdline: [foo=a,b, video=DP-1:1024x768, 'x=$y']\ndevices: [{driver: a.b, addr: '01.0', on: true, n: 18}]\n"
        "nics: [{model: onboard}]\nmachine: {properties: {usb: on, its: true, x-n: 3}}\n",
    )
    target = world.plan("axes: {target: [good]}").cells[0].target
    assert target.devices == ({"driver": "a.b", "addr": "01.0", "on": True, "n": 18},)
    assert target.machine.properties == {"usb": "on", "its": True, "x-n": 3}
    assert [type(value) for value in target.machine.properties.values()] == [str, bool, int]


def test_extends_merges_mappings_and_replaces_lists(world: World) -> None:
    world.target("_base", BOARD + "drivers: [a, b]\nboot: {silence: 7, resets: 1}\n")
    world.target("one", "extends: _base\ndrivers: [c]\nboot: {resets: 2}\nmachine: {memory: 64}\n")
    world.target("two", "extends: one\nboot: {poweroff: false}\n")
    plan = world.plan("axes: {target: [one, two]}")
    two = plan.cells[1].target
    assert two.name == "two"
    assert two.drivers == ("c",)
    assert (two.boot.silence, two.boot.resets, two.boot.poweroff) == (7, 2, False)
    assert (two.machine.type, two.machine.memory) == ("virt", 64)
    assert [folder.name for folder in plan.catalog.target("two").folders] == ["_base", "one", "two"]
    assert plan.catalog.folder("two") == world.user / "targets/two"


def test_merge_changes_neither_side() -> None:
    parent, child = {"a": {"b": 1}, "c": [1]}, {"a": {"d": 2}, "c": [2]}
    assert deep_merge(parent, child) == {"a": {"b": 1, "d": 2}, "c": [2]}
    assert (parent, child) == ({"a": {"b": 1}, "c": [1]}, {"a": {"d": 2}, "c": [2]})


def test_a_fault_is_told_in_the_file_that_has_it(world: World) -> None:
    world.target("_base", BOARD.replace("iot", "iott") + "disks: [{bus: sd}]\n")
    assert "targets/_base/target.yml:3 (class)" in world.refuses_target("extends: _base\nmachine: {memory: 64}\n")
    # a list replaces: what the parent's entries have does not count
    world.target("_base", BOARD + "disks: [{bus: sd}]\n")
    assert "targets/bad/target.yml:2 (disks[0].bus): key 'bus' is missing" in world.refuses_target(
        "extends: _base\ndisks: [{size: 1}]\n"
    )


def test_circles_name_the_whole_chain(world: World) -> None:
    world.target("aa", "extends: bb\n")
    world.target("bb", "extends: cc\n")
    world.target("cc", "# comment\nextends: bb\n")
    text = world.refuses("axes: {target: [aa]}")
    assert "targets/cc/target.yml:2 (extends): extends goes in a circle: bb -> cc -> bb" in text


def test_a_long_chain_does_not_recurse(world: World) -> None:
    world.target("t0", BOARD)
    for n in range(1, 1500):
        world.target(f"t{n}", f"extends: t{n - 1}\n")
    assert len(world.plan("axes: {target: [t1499]}").cells) == 1


def test_the_users_target_wins_and_may_extend_the_builtin_one(world: World) -> None:
    world.target("board", "extends: board\nmachine: {memory: 77}\n")
    plan = world.plan("axes: {target: [board, server]}")
    assert plan.cells[0].target.machine.memory == 77
    assert plan.cells[0].target.summary == "a board"
    assert [folder.parent.parent.name for folder in plan.catalog.target("board").folders] == ["builtin", "user"]


def test_builtin_targets_do_not_extend_the_users(world: World) -> None:
    world.write("builtin/targets/child/target.yml", "extends: board\n")
    world.target("board", BOARD.replace("virt", "other"))
    assert world.plan("axes: {target: [child]}").cells[0].target.machine.type == "virt"


def test_abstract_targets_are_no_cells(world: World) -> None:
    world.target("_base", BOARD)
    assert "_base.minimal.distro.direct" not in world.ids("axes: {target: ['*']}")
    assert "unknown target '_base'" in world.refuses("axes: {target: [_base]}")


def test_links_out_of_the_folder_are_refused(world: World, tmp_path: Path) -> None:
    outside = world.write("outside/target.yml", BOARD)
    (world.user / "targets").mkdir(parents=True)
    (world.user / "targets/linked").symlink_to(outside.parent)
    assert "linked/target.yml: is a link out of its folder" in world.refuses("axes: {target: [linked]}")
    (world.user / "targets/file").mkdir()
    (world.user / "targets/file/target.yml").symlink_to(outside)
    assert "file/target.yml: is a link out of its folder" in world.refuses("axes: {target: [file]}")
    world.target("real", BOARD)
    (world.user / "targets/alias").symlink_to("real")
    assert world.ids("axes: {target: [alias]}") == ["alias.minimal.distro.direct"]
    world.write("user/images/own.yml", "init: []\n")
    (world.user / "images/out.yml").symlink_to(outside)
    (cell,) = world.plan("axes: {target: [board], image: [own]}").cells
    assert cell.image_file == world.user / "images/own.yml"
    assert "is a link out of its folder" in world.refuses("axes: {target: [board], image: [out]}")


def test_folders_that_are_no_targets(world: World) -> None:
    (world.user / "targets/empty").mkdir(parents=True)
    assert "targets/empty/target.yml: no such file" in world.refuses("axes: {target: [empty]}")
    world.write("user/targets/README.md", "not a folder")
    (world.user / "targets/.git").mkdir()
    assert world.ids("axes: {target: [board]}") == ["board.minimal.distro.direct"]


@pytest.mark.parametrize("name", ["Upper", "a b", "a,b", "a\nb", "not", "-x", "ä", "a.b"])
def test_names_that_could_not_be_used_everywhere(world: World, name: str) -> None:
    world.target(name, BOARD)
    assert "is not a name for a target" in world.refuses("axes: {target: ['*']}")


def test_every_shipped_target_loads() -> None:
    catalog = Catalog(builtin_root())
    assert len(catalog.names) >= 12
    for name in catalog.names:
        assert catalog.target(name).name == name
