"""Limits of the control group, and devices, by the names that config.json has for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.errors import InputError
from harness.image.spec.wanted import Wanted
from harness.image.yaml.oci import DeviceId, Resources

Json = dict[str, Any]


def resources_of(resources: Resources | None) -> Json:
    """The YAML's own keys, but for one that is spelled differently; without what was not given."""
    found = (resources or Resources()).model_dump(exclude_none=True, mode="json")
    if "blockio" in found:
        found["blockIO"] = found.pop("blockio")
    for name in ("cpus", "mems"):
        if found.get("cpu", {}).get(name) == "":
            del found["cpu"][name]
    for limit in found.get("hugepageLimits", ()):
        limit["pageSize"] = str(limit["pageSize"])
    return {key: value for key, value in found.items() if value != []}


def devices_of(wanted: Wanted) -> tuple[list[Json], list[Json]]:
    """Device nodes, and the rules that let the container use them. Raises InputError for a node without a mode."""
    devices: Sequence[DeviceId] = wanted.value("devices") or ()
    nodes: list[Json] = []
    rules: list[Json] = []
    for index, device in enumerate(devices):
        if device.path == "all":
            rules.append({"allow": True, "type": device.type, "access": "rwm"})
            continue
        if device.mode is None:
            raise InputError("a device needs a mode", where=wanted.where("devices", index), hint="add mode: '0600'")
        numbers = {"major": device.major, "minor": device.minor}
        nodes.append({"path": device.path, "type": device.type, **numbers, "fileMode": int(device.mode, 8)})
        rules.append({"allow": True, "type": device.type, **numbers, "access": "rwm"})
    return nodes, rules
