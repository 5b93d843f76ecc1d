"""matrix.yml to cells: product, exclusions, inclusions, suites, where it is looked for, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.plan.cells import find_matrix, plan
from harness.plan.matrix import Retry

from .conftest import World


def test_the_smallest_matrix_has_every_target(world: World) -> None:
    made = world.plan("retry: {errors: 2}")
    assert [cell.id for cell in made.cells] == ["board.minimal.distro.direct", "server.minimal.distro.direct"]
    assert made.suites == ("quick", "nightly")
    assert made.cells[0].suites == ("quick", "nightly")
    assert made.cells[0].retry == Retry(errors=2, failures=0)
    assert made.matrix == world.user / "matrix.yml"


def test_product_in_the_order_of_the_matrix_without_repetition(world: World) -> None:
    assert world.ids("axes: {target: [server, '*'], image: [sshd, minimal], kernel: [matched, distro]}") == [
        f"{target}.{image}.{kernel}.direct"
        for target in ("server", "board")
        for image in ("sshd", "minimal")
        for kernel in ("matched", "distro")
    ]


def test_exclude_needs_every_key_and_include_comes_after(world: World) -> None:
    ids = world.ids(
        "axes: {image: ['*']}\n"
        "exclude: [{target: 'b*', image: sshd}, {target: server, image: 'min*'}]\n"
        "include: [{target: server, kernel: matched}, {target: 'b*', image: sshd}, {target: board}]\n"
    )
    assert ids == [
        "board.minimal.distro.direct",
        "server.sshd.distro.direct",
        "server.minimal.matched.direct",
        "board.sshd.distro.direct",
    ]
    assert world.ids("include: [{target: board, image: sshd}]\ndefaults: {kernel: matched}") == [
        "board.sshd.matched.direct"
    ]


def test_json_has_the_documented_keys(world: World) -> None:
    cell = world.plan("axes: {target: [board]}\nsuites: {quick: [board], nightly: ['*']}").cells[0]
    assert cell.as_json() == {
        "cell": "board.minimal.distro.direct",
        "target": "board",
        "arch": "arm64",
        "class": "iot",
        "machine": "virt",
        "image": "minimal",
        "kernel": "distro",
        "media": "direct",
        "markers": ["arm64", "board", "direct", "distro", "iot", "minimal", "nightly", "quick"],
    }
    assert hash(cell) == hash(world.plan("axes: {target: [board]}").cells[0])


@pytest.mark.parametrize(
    ("selectors", "members"),
    [
        ("[board]", ["board.minimal", "board.sshd"]),
        ("['*er']", ["server.minimal", "server.sshd"]),
        ("['*.sshd.*']", ["board.sshd", "server.sshd"]),
        ("[server.sshd.distro.direct, board.minimal.distro.direct]", ["board.minimal", "server.sshd"]),
        ("[{expr: arm64 and not sshd}]", ["board.minimal"]),
        ("[{expr: not s390x and sshd}, board]", ["board.minimal", "board.sshd", "server.sshd"]),
    ],
)
def test_suites(world: World, selectors: str, members: list[str]) -> None:
    made = world.plan(f"axes: {{image: [minimal, sshd]}}\nsuites: {{mine: {selectors}}}")
    assert [c.id for c in made.cells if c.suites == ("mine",)] == [f"{m}.distro.direct" for m in members]
    assert [c.id for c in made.cells if "mine" in c.markers] == [f"{m}.distro.direct" for m in members]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("axes: {}\nsuits: {}\n", "user/matrix.yml:2 (suits): unknown key 'suits'; did you mean 'suites'?"),
        ("axes:\n  tagret: [board]\n", "user/matrix.yml:2 (axes.tagret): unknown key 'tagret'; did you mean 'target'?"),
        (
            "axes:\n  target:\n  - board\n  - bord\n",
            "user/matrix.yml:4 (axes.target[1]): unknown target 'bord'; did you mean 'board'?",
        ),
        (
            "axes: {target: ['zz*']}",
            "user/matrix.yml:1 (axes.target[0]): no target matches 'zz*'; known names are board, server",
        ),
        ("axes: {target: board}", "(axes.target): expected a list, got 'board'; write it in brackets"),
        ("axes: {target: []}", "(axes.target): this list is empty"),
        ("axes: {target: [3]}", "(axes.target[0]): expected a valid string, got 3"),
        ("axes: [board]", "(axes): expected keys and values (a mapping), got a list"),
        ("axes: {image: [minimla]}", "(axes.image[0]): unknown image 'minimla'; did you mean 'minimal'?"),
        ("axes: {kernel: [mached]}", "(axes.kernel[0]): 'mached' is not known here; did you mean 'matched'?"),
        ("axes: {media: [disc]}", "(axes.media[0]): 'disc' is not known here; did you mean 'disk'?"),
        (
            "axes: {}\nexclude:\n- {target: board, media: pxe}\n",
            "matrix.yml:3 (exclude[0].media): unknown media 'pxe'; known names are direct, disk, http, iso, network",
        ),
        ("exclude: [{target: 'rasp*'}]", "(exclude[0].target): no target matches 'rasp*'"),
        ("exclude: [{}]", "(exclude[0]): an empty rule would exclude everything"),
        ("exclude: [{target: '*'}]", "(exclude): the matrix has no cells"),
        (
            "exclude: [{borad: x}]",
            "(exclude[0].borad): unknown key 'borad'; known keys are image, kernel, media, target",
        ),
        ("include: [{image: minimal}]", "(include[0].target): key 'target' is missing"),
        ("include: [{target: board, image: sshhd}]", "(include[0].image): unknown image 'sshhd'; did you mean 'sshd'?"),
        ("defaults: {image: nope}", "(defaults.image): unknown image 'nope'"),
        (
            "axes: {}\nsuites:\n  quick: [bord]\n",
            "matrix.yml:3 (suites.quick[0]): no cell matches 'bord'; did you mean 'board'?",
        ),
        ("suites: {quick: []}", "(suites.quick): this list is empty"),
        ("suites: {quick: board}", "(suites.quick): expected a list"),
        ("suites: {quick: [5]}", "(suites.quick[0]): expected a valid string, got 5"),
        ("suites: {quick: [{exp: iot}]}", "(suites.quick[0].exp): unknown key 'exp'; did you mean 'expr'?"),
        ("suites: {quick: [{expr: amr64}]}", "(suites.quick[0].expr): unknown marker 'amr64'; did you mean 'arm64'?"),
        ("suites: {quick: [{expr: 'iot and'}]}", "(suites.quick[0].expr): marker expression 'iot and', column 8"),
        ("suites: {quick: [{expr: iot and cloud}]}", "(suites.quick[0]): no cell matches 'iot and cloud'"),
        ("suites: {quick: ['*'], n: [{expr: quick}]}", "unknown marker 'quick'"),
        ("suites: {arm64: ['*']}", "(suites.arm64): 'arm64' already is a marker"),
        ("suites: {board: ['*']}", "(suites.board): 'board' already is a marker"),
        ("suites: {not: ['*']}", "is a word of marker expressions"),
        ("retry: {errors: -1}", "(retry.errors): expected greater than or equal to 0, got -1"),
        ("retry: {errors: 1.5}", "(retry.errors): expected a valid integer"),
        ("retry: {erors: 1}", "(retry.erors): unknown key 'erors'; did you mean 'errors'?"),
        ("[]", "user/matrix.yml:1: expected keys and values (a mapping), got a list"),
        ("hello", "user/matrix.yml:1: expected keys and values (a mapping), got 'hello'"),
        ("", "user/matrix.yml: is empty"),
        ("axes: {target: [board]}\naxes: {}\n", "user/matrix.yml:2: duplicate key 'axes'"),
    ],
)
def test_messages(world: World, text: str, expected: str) -> None:
    assert expected in world.refuses(text)


@pytest.mark.parametrize(
    "value", ["a,b", "a'b", 'a"b', "a\nb", "../x", "../*", "/etc/*", "$(id)", "a b", "\x1b[m", "", "x" * 999]
)
@pytest.mark.parametrize(
    "template",
    [
        "axes: {target: [@]}",
        "axes: {image: [@]}",
        "axes: {kernel: [@]}",
        "axes: {media: [@]}",
        "exclude: [{target: @}]",
        "exclude: [{image: @}]",
        "exclude: [{kernel: @}]",
        "exclude: [{media: @}]",
        "include: [{target: @}]",
        "include: [{target: board, image: @}]",
        "include: [{target: board, kernel: @}]",
        "defaults: {image: @}",
        "defaults: {kernel: @}",
        "defaults: {media: @}",
        "suites: {quick: [@]}",
        "suites: {quick: [{expr: @}]}",
        "suites: {@: ['*']}",
        "@: 1",
    ],
)
def test_no_value_becomes_syntax_or_a_path(world: World, template: str, value: str) -> None:
    quoted = '"' + value.encode("unicode_escape").decode().replace('"', '\\"') + '"'
    assert "user/matrix.yml:1 (" in world.refuses(template.replace("@", quoted))


def test_hostile_globs_cost_nothing(world: World) -> None:
    """A backtracking matcher would need years for this one."""
    world.target("a" * 60, "extends: board\n")
    assert "no target matches" in world.refuses("axes: {target: ['" + "a*" * 90 + "b']}")


def test_where_the_matrix_is_looked_for(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builtin = world.builtin / "matrix.yml"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    deep = tmp_path / "home/project/a/b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find_matrix() == builtin
    in_home = world.write("home/matrix.yml", "axes: {}\n")
    assert find_matrix() == in_home
    (tmp_path / "home/project/.git").mkdir()
    assert find_matrix() == builtin, "not above the checkout"
    in_root = world.write("home/project/matrix.yml", "axes: {}\n")
    assert find_matrix() == in_root
    assert find_matrix(deep.parent) == in_root
    (tmp_path / "home/project/a").chmod(0o777)
    assert find_matrix() == builtin, "not through a folder that anybody may write to"
    assert find_matrix(builtin) == builtin
    with pytest.raises(Exception, match=r"none\.yml: no such file"):
        plan(tmp_path / "none.yml")


def test_a_users_folder_comes_before_the_builtin_one(world: World) -> None:
    world.write("user/images/minimal.yml", "init: [own]\n")
    world.target("mine", "extends: board\n")
    made = world.plan()
    assert [cell.target.name for cell in made.cells] == ["board", "mine", "server"]
    assert made.catalog.image("minimal") == world.user / "images/minimal.yml"
    assert made.catalog.image("sshd") == world.builtin / "images/sshd.yml"
