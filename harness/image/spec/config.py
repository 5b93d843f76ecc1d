"""config.json: a container as the OCI runtime specification describes it, with LinuxKit's defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import InputError, Where
from harness.image.spec.capabilities import capabilities_of
from harness.image.spec.identity import numeric
from harness.image.spec.mounts import mounts_of
from harness.image.spec.resources import devices_of, resources_of
from harness.image.spec.rlimits import rlimits_of
from harness.image.spec.wanted import Wanted
from harness.image.yaml.oci import IdMapping
from harness.image.yaml.schema import Volume
from harness.plan.validate import nearest
from harness.plan.yamlfile import shown

Json = dict[str, Any]
VERSION = "1.2.1"  # of the specification
# The key, the specification's word, what stands for a new namespace, and what is had when nothing is said.
_NAMESPACES = (
    ("net", "network", ("new", "none"), "host"),
    ("ipc", "ipc", ("new",), "host"),
    ("uts", "uts", ("new",), "host"),
    ("pid", "pid", ("new",), "new"),
    ("userns", "user", ("new",), "host"),
)
_SHARED = ("host", "root")


def config_of(wanted: Wanted, image: Mapping[str, Any], ids: Mapping[str, int], volumes: Mapping[str, Volume]) -> Json:
    """config.json of a container, as JSON. `image`: the configuration of its image; its User is not used.

    Raises InputError with the place of what cannot be.
    """
    readonly = bool(wanted.value("readonly"))
    nodes, rules = devices_of(wanted)
    resources = resources_of(wanted.value("resources"))
    if rules:
        resources["devices"] = [*resources.get("devices", []), *rules]
    linux = {
        "uidMappings": _mappings(wanted.value("uidMappings")),
        "gidMappings": _mappings(wanted.value("gidMappings")),
        "sysctl": wanted.value("sysctl"),
        "cgroupsPath": wanted.value("cgroupsPath"),
        "namespaces": _namespaces(wanted),
        "devices": nodes,
        "rootfsPropagation": wanted.value("rootfsPropagation"),
        "maskedPaths": list(wanted.value("maskedPaths") or ()),
        "readonlyPaths": list(wanted.value("readonlyPaths") or ()),
    }
    whole = {
        "ociVersion": VERSION,
        "process": _process(wanted, image, ids),
        "root": {"path": "rootfs", **({"readonly": True} if readonly else {})},
        "hostname": wanted.text("hostname"),
        "mounts": mounts_of(wanted, volumes, readonly=readonly),
        "annotations": wanted.value("annotations"),
        "linux": {"resources": resources, **_said(linux)},
    }
    return _said(whole)


def _process(wanted: Wanted, image: Mapping[str, Any], ids: Mapping[str, int]) -> Json:
    groups = wanted.value("additionalGids") or ()
    user = {
        "uid": numeric(wanted.value("uid"), ids, wanted.where("uid")),
        "gid": numeric(wanted.value("gid"), ids, wanted.where("gid")),
        **_said({"additionalGids": [numeric(g, ids, wanted.where("additionalGids", n)) for n, g in enumerate(groups)]}),
    }
    command, env = wanted.value("command"), wanted.value("env")
    where = wanted.container.where("image")
    args = [*_texts(image, "Entrypoint", where), *_texts(image, "Cmd", where)] if command is None else list(command)
    folder = image.get("WorkingDir")
    settings = {
        "args": args,
        "env": _texts(image, "Env", where) if env is None else list(env),
        "cwd": wanted.text("cwd") or (folder if isinstance(folder, str) and folder else "/"),
    }
    more = {"rlimits": rlimits_of(wanted), "noNewPrivileges": wanted.value("noNewPrivileges")}
    score = wanted.value("oomScoreAdj")
    return {
        "user": user,
        **_said(settings),
        "capabilities": capabilities_of(wanted),
        **_said(more),
        **({} if score is None else {"oomScoreAdj": score}),
    }


def _texts(image: Mapping[str, Any], key: str, where: Where) -> list[str]:
    found = image.get(key) or []
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise InputError(f"the configuration of the image has no list of words as {key}", where=where)
    return found


def _namespaces(wanted: Wanted) -> list[Json]:
    found = []
    for key, kind, fresh, usual in _NAMESPACES:
        word = wanted.text(key) or usual
        if word in _SHARED:
            continue
        if word not in fresh and not word.startswith("/"):
            near = nearest(word, (*fresh, *_SHARED))
            raise InputError(
                f"{shown(word)} is no namespace",
                where=wanted.where(key),
                hint=(f"did you mean {near!r}? " if near else "")
                + f"expected {', '.join((*fresh, *_SHARED))} or a path",
            )
        found.append({"type": kind, **({} if word in fresh else {"path": word})})
    return [*found, {"type": "mount"}]


def _mappings(mappings: Sequence[IdMapping] | None) -> list[Json]:
    return [mapping.model_dump(mode="json") for mapping in mappings or ()]


def _said(full: Mapping[str, Any]) -> Json:
    """Without what is empty, which the specification's readers take for absent."""
    return {key: value for key, value in full.items() if value}
