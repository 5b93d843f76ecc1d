"""A YAML with every key, spoilt in every place: what is refused is refused in one line, with the place of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.errors import InputError
from harness.plan.yamlfile import load
from tests.unit.image.fakes import composed, usual

Loc = tuple[str | int, ...]
FULL = """\
kernel: {image: 't/kernel:1', cmdline: console=ttyS0, binary: kernel, tar: kernel.tar, ucode: uc}
init: ['t/init:1']
onboot:
- name: first
  image: t/app:1
  capabilities: [CAP_SYS_ADMIN]
  ambient: [CAP_NET_ADMIN]
  mounts:
  - {type: tmpfs, source: tmpfs, destination: /x, options: [nosuid]}
  binds: ['/a:/b:ro']
  tmpfs: ['/run:size=1m']
  command: [/app]
  env: [A=b]
  cwd: /
  net: host
  pid: host
  ipc: host
  uts: host
  userns: ''
  hostname: me
  readonly: true
  maskedPaths: [/proc/kcore]
  readonlyPaths: [/proc/sys]
  uid: 1
  gid: 2
  additionalGids: [3]
  noNewPrivileges: true
  oomScoreAdj: -5
  rootfsPropagation: shared
  cgroupsPath: /one
  sysctl: {net.core.somaxconn: '1'}
  rlimits: ['RLIMIT_NOFILE,1,2']
  annotations: {a: b}
  uidMappings:
  - {hostID: 0, containerID: 0, size: 1}
  gidMappings:
  - {hostID: 0, containerID: 0, size: 1}
  devices:
  - {path: /dev/x, type: c, major: 1, minor: 3, mode: '0660'}
  resources:
    memory: {limit: 1048576}
    cpu: {shares: 2}
    pids: {limit: 5}
  runtime:
    cgroups: [one]
    mkdir: [/var/x]
    mounts:
    - {type: bind, source: /a, destination: /b}
    interfaces:
    - {name: eth1, add: veth, peer: p, createInRoot: true}
    bindNS: {net: /run/netns/x}
    namespace: ns
onshutdown:
- {name: last, image: 't/app:1', 'capabilities.add': [CAP_CHOWN], 'binds.add': ['/c:/d']}
services:
- {name: web, image: 't/app:1', binds: ['data:/srv']}
volumes:
- {name: data, image: 't/app:1', readonly: false, format: filesystem, platforms: [linux/amd64]}
files:
- {path: etc/x, contents: text, mode: '0644', uid: 0, gid: 0}
- {path: etc/l, symlink: x}
- {path: etc/d, directory: true}
- {path: etc/m, metadata: json}
- {path: etc/s, source: in0.yml, optional: false}
trust: {image: ['t/app:1'], org: [t], required: false}
"""
WRONG: list[Any] = [None, True, -1, 1.5, "../no such thing", "a\nb\u202e", [[]], {"odd": 1}, 1 << 70]


def places(value: Any, loc: Loc = ()) -> Iterator[Loc]:
    """Every place of a document."""
    if loc:
        yield loc
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*loc, key))


def spoilt(loc: Loc, wrong: Any, *, name: bool = False) -> Any:
    """The document with something else there; with `name`, under another key."""
    made = copy.deepcopy(yaml.safe_load(FULL))
    parent = made
    for step in loc[:-1]:
        parent = parent[step]
    if name:
        parent[f"{loc[-1]}x"] = parent.pop(loc[-1])
    else:
        parent[loc[-1]] = wrong
    return made


def refusal(folder: Path, document: Any) -> InputError | None:
    try:
        composed(folder, yaml.safe_dump(document, sort_keys=False, allow_unicode=True), source=usual())
    except InputError as problem:
        return problem
    return None


PLACES = list(places(yaml.safe_load(FULL)))


def test_the_document_is_right_before_it_is_spoilt(tmp_path: Path) -> None:
    assert refusal(tmp_path, yaml.safe_load(FULL)) is None
    assert len(PLACES) > 140


@pytest.mark.parametrize("loc", PLACES, ids=lambda loc: ".".join(map(str, loc)))
def test_a_wrong_value_is_told_where_it_is(tmp_path: Path, loc: Loc) -> None:
    refused = 0
    for wrong in WRONG:
        problem = refusal(tmp_path, spoilt(loc, wrong))
        if problem is not None:
            refused += 1
            _told(problem, tmp_path, loc)
    assert refused >= 4, "what takes a text takes no list"


@pytest.mark.parametrize(
    "loc", [loc for loc in PLACES if isinstance(loc[-1], str)], ids=lambda loc: ".".join(map(str, loc))
)
def test_a_misspelt_key_is_told_with_the_nearest(tmp_path: Path, loc: Loc) -> None:
    problem = refusal(tmp_path, spoilt(loc, None, name=True))
    if "sysctl" in loc[:-1] or "annotations" in loc[:-1]:
        assert problem is None, "keys of the user's own"
        return
    assert problem is not None
    _told(problem, tmp_path, loc[:-1])
    assert f"did you mean '{loc[-1]}'" in str(problem)


def _told(problem: InputError, folder: Path, loc: Loc) -> None:
    """In one line, with the file, the line of the place or of what it is in, and the key."""
    text = str(problem)
    assert text.isprintable(), text
    assert len(text) < 1000
    assert problem.where is not None, text
    assert problem.where.file.endswith("in0.yml"), text
    document = load(folder / "in0.yml")
    lines = {document.where(loc[:count]).line for count in range(len(loc) + 1)}
    inside = {document.where(place).line for place in places(document.data) if place[: len(loc)] == loc}
    if loc[:1] == ("volumes",) and "volume" in text:
        return  # told where the volume is used as it can no longer be
    assert problem.where.line in lines | inside, text
    assert (problem.where.key or "").startswith(str(loc[0]) if loc else ""), text
