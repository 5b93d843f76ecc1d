"""runtime.json: what is done for a container before it starts. The keys are LinuxKit's, for its init and for ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.image.spec.mounts import mount
from harness.image.spec.wanted import Wanted
from harness.image.yaml.schema import Namespaces, Runtime

Json = dict[str, Any]
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


def runtime_of(wanted: Wanted, root_mounts: Sequence[Json]) -> Json:
    """runtime.json as JSON: of each key the YAML's, else the label's. First of all come the mounts of the rootfs."""
    own, label = wanted.container.value.runtime or Runtime(), wanted.label.runtime or Runtime()

    def pick(name: str) -> Any:
        found = getattr(own, name)
        return found if found is not None else getattr(label, name)

    own_bind, label_bind = own.bindNS or Namespaces(), label.bindNS or Namespaces()
    bind = {name: _first(getattr(own_bind, name), getattr(label_bind, name)) for name in _NAMESPACES}
    mounts = [mount(m.destination or "", m.type or "", m.source or "", m.options or ()) for m in pick("mounts") or ()]
    interfaces = [
        {**{key: value for key, value in one.model_dump().items() if value}, "createInRoot": bool(one.createInRoot)}
        for one in pick("interfaces") or ()
    ]
    return {
        "cgroups": list(pick("cgroups") or ()),
        "mounts": [*root_mounts, *mounts],
        "mkdir": list(pick("mkdir") or ()),
        "interfaces": interfaces,
        "bindNS": bind,
        "namespace": pick("namespace") or "",
    }


def _first(own: str | None, label: str | None) -> str:
    return own if own is not None else label or ""
