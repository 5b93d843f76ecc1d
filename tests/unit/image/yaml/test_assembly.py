"""Image YAMLs: what is refused and where, how several merge, and what an unquoted word means."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from harness.errors import BootmatrixError, InputError
from harness.image.yaml.scalars import resolved
from tests.unit.image.fakes import assembly, composed


def service(more: str) -> str:
    return f"services:\n  - name: s\n    image: t/app:1\n    {more}\n"


BAD = [
    (service("Env: [a]"), ":4 (services[0].Env)", "did you mean 'env'"),
    (service("env: [1]"), ":4 (services[0].env[0])", "string"),
    (service("cwd: 0644"), ":4 (services[0].cwd)", "got 420"),
    (service("net: ~"), ":4 (services[0].net)", "got nothing"),
    (service("net: hostt"), ":4 (services[0].net)", "did you mean 'host'"),
    (service("readonly: yes"), ":4 (services[0].readonly)", "boolean"),
    (service("uid: nobody"), ":4 (services[0].uid)", "containers are s"),
    (service('uid: "100"'), ":4 (services[0].uid)", "without quotes"),
    (service("uid: -1"), ":4 (services[0].uid)", "0 to 4294967295"),
    (service("capabilities: [all, CAP_KILL]"), ":4 (services[0].capabilities[0])", "only entry"),
    (service("capabilities.add: [CAP_FOO]"), ":4 (services[0].capabilities.add[0])", "no capability"),
    (service("ambient: [cap_kill]"), ":4 (services[0].ambient[0])", "did you mean 'CAP_KILL'"),
    (service("binds: [/a]"), ":4 (services[0].binds[0])", "is missing"),
    (service("binds: ['/a:/b:ro:x']"), ":4 (services[0].binds[0])", "too many"),
    (service("binds.add: ['data:/b']"), ":4 (services[0].binds.add[0])", "no volume 'data'"),
    (service("mounts: [{destination: /a}]"), ":4 (services[0].mounts[0])", "no type"),
    (service("mounts: [{type: tmpfs}]"), ":4 (services[0].mounts[0])", "needs a destination"),
    (service("tmpfs: ['/a:b:c']"), ":4 (services[0].tmpfs[0])", "too many"),
    (service("rlimits: ['nofile,1']"), ":4 (services[0].rlimits[0])", "no limit"),
    (service("rlimits: ['nofiles,1,2']"), ":4 (services[0].rlimits[0])", "RLIMIT_NOFILE"),
    (service("rlimits: ['nofile,-1,2']"), ":4 (services[0].rlimits[0])", "unlimited"),
    (service("devices: [{path: /dev/x, type: c, major: 1, minor: 2}]"), ":4 (services[0].devices[0])", "mode"),
    ("services:\n  - image: t/app:1\n", ":2 (services[0].name)", "missing"),
    ("services:\n  - {name: ../x, image: t/app:1}\n", ":2 (services[0].name)", "cannot name"),
    ("services:\n  - {name: s, image: 't app'}\n", ":2 (services[0].image)", "image"),
    ("services:\n  - {name: s, image: 't/none:1'}\n", ":2 (services[0].image)", "docker.io/t/none:1"),
    ("services:\n  - {name: s, image: t/app:1}\n  - {name: s, image: t/app:1}\n", ":3 (services[1].name)", "duplicate"),
    ("volumes:\n  - {name: a}\n  - {name: a}\n", ":3 (volumes[1].name)", "duplicate"),
    ("volumes: [{name: a, image: t/app:1, format: oci, platforms: [a/b/c/d]}]", "platforms[0]", "no platform"),
    ("files:\n  - {path: a, contents: x, mode: 0644}\n", ":2 (files[0].mode)", "string"),
    ("files:\n  - {path: a, contents: x, mode: '0899'}\n", ":2 (files[0].mode)", "octal"),
    ("files:\n  - {path: a}\n", ":2 (files[0].path)", "not specified"),
    ("files:\n  - {path: ../../etc/passwd, contents: x}\n", ":2 (files[0].path)", "inside the image"),
    ("files:\n  - {path: /, contents: x}\n", ":2 (files[0].path)", "inside the image"),
    ("files:\n  - {path: a, directory: true, contents: ''}\n", ":2 (files[0].contents)", "no contents"),
    ("files:\n  - {path: a, source: x, contents: y}\n", ":2 (files[0].source)", "no source"),
    ("files:\n  - {path: a, source: none/such}\n", ":2 (files[0].source)", "No such file"),
    ("files:\n  - {path: a, metadata: toml}\n", ":2 (files[0].metadata)", "no metadata"),
    ("kernel: {image: t/app:1}\n", ":1 (kernel.image)", "has no file 'kernel'"),
    ("init: ['@pkg:nowhere']\n", ":1 (init[0])", "no build.yml"),
    ("1: 2\n", ":1 (1)", "unknown key"),
    ("foo\n", ":1", "mapping"),
]


@pytest.mark.parametrize(("text", "place", "said"), BAD, ids=[f"{place} {said}" for _, place, said in BAD])
def test_refused_with_its_place(tmp_path: Path, text: str, place: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        composed(tmp_path, text)
    assert "in0.yml" in str(caught.value)
    assert place in str(caught.value)
    assert said in str(caught.value)


def test_merging(tmp_path: Path) -> None:
    first = "kernel: {image: t/kernel:1, cmdline: a, tar: none}\ninit: [t/init:1]\nfiles: [{path: a, contents: x}]\n"
    second = "kernel: {cmdline: b, tar: ''}\ninit: [t/app:1]\nvolumes: [{name: v}]\n"
    whole = assembly(tmp_path, first, second)
    assert whole.kernel.model_dump(exclude_none=True) == {"image": "t/kernel:1", "cmdline": "b", "tar": ""}
    assert [placed.value for placed in whole.init] == ["t/init:1", "t/app:1"]
    assert [str(placed.where()) for placed in whole.init][1].endswith("in1.yml:2 (init[0])")
    assert len(whole.files) == len(whole.volumes) == 1
    assert not whole.warnings


def test_names_must_not_repeat_across_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"in1.yml:3 .*duplicate service name 's'.*in0.yml:2"):
        assembly(tmp_path, service("readonly: true"), "#\n" + service("readonly: true"))


def test_warnings(tmp_path: Path) -> None:
    (second,) = assembly(tmp_path, "trust: {org: [linuxkit]}\n---\ninit: [1]\n").warnings
    assert "line 2" in second


def test_packages_by_their_folder(tmp_path: Path) -> None:
    package = tmp_path / "pkg" / "one"
    package.mkdir(parents=True)
    (package / "build.yml").write_text("org: us\nimage: one\n")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@y"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    tree = subprocess.run(
        [*git, "rev-parse", "HEAD:pkg/one"], check=True, capture_output=True, text=True
    ).stdout.strip()
    text = "init: ['@pkg:./pkg/one']\nfiles: [{path: a, contents: '@pkg:./pkg/one'}]\n"
    whole = assembly(tmp_path, text)
    assert whole.init[0].value == f"us/one:{tree}"
    assert whole.files[0].value.contents == "@pkg:./pkg/one"
    (package / "new").touch()
    assert assembly(tmp_path, text).init[0].value == f"us/one:{tree}-dirty"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("0644", 0o644), ("0899", 899.0), ("0o17", 15), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("-5", -5),
        ("1e3", 1000.0), (".5", 0.5), ("yes", "yes"), ("on", "on"), ("True", True), ("~", None), ("1.2.3", "1.2.3"),
        ("2001-01-01", "2001-01-01"), ("-", "-"), ("0x", "0x"), ("9" * 30, 1e30), ("9" * 70, "9" * 70),
        (".inf", math.inf),
    ],
)  # fmt: skip
def test_unquoted_words(word: str, value: Any) -> None:
    found = resolved(word)
    assert found == value
    assert type(found) is type(value)


KEYS = [
    "kernel", "init", "services", "files", "volumes", "name", "image", "path", "contents", "mounts", "binds", "runtime",
    "capabilities.add", "resources", "mode", "uid", "source", "devices", "trust", "bindNS", "cmdline",
]  # fmt: skip
LEAVES = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(allow_nan=True), some.text(max_size=8),
    some.sampled_from(["t/app:1", "t/kernel:1", "all", "/a:/b", "../x", "@pkg:x", "0644", "\x7f", "\u202e"]),
)  # fmt: skip
TREES = some.recursive(
    LEAVES,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=some.dictionaries(some.sampled_from(KEYS), TREES, min_size=1, max_size=4))
def test_no_document_surprises_us(tmp_path: Path, document: dict[str, Any]) -> None:
    import yaml

    told(tmp_path, yaml.safe_dump(document, allow_unicode=True))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sample=some.sampled_from([text for text, _, _ in BAD]),
    at=some.integers(0, 200),
    put=some.text("\t[]{}:,-'\"&*!|>#@%\n a0~", max_size=3),
)
def test_no_slip_surprises_us(tmp_path: Path, sample: str, at: int, put: str) -> None:
    at %= len(sample)
    told(tmp_path, sample[:at] + put + sample[at + 1 :])


def told(folder: Path, text: str) -> None:
    """Whatever it is: it is composed, or refused in one line that names the file."""
    said = None
    try:
        composed(folder, text)
    except BootmatrixError as problem:
        said = str(problem)
    assert said is None or ("in0.yml" in said and "\n" not in said)
