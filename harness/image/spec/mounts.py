"""The mounts of a container: defaults, then `tmpfs`, `binds` and `mounts`, a later one replacing an earlier one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import InputError
from harness.image.spec.wanted import Item, Wanted, bad
from harness.image.yaml.oci import Mount
from harness.image.yaml.schema import Volume
from harness.plan.validate import suggestion
from harness.plan.yamlfile import shown

Json = dict[str, Any]
VOLUMES = "/containers/volumes"
_NAMED_BY_SOURCE = ("mqueue", "devpts", "proc", "sysfs", "cgroup")
_USUAL_PLACE = {
    "proc": "/proc", "devpts": "/dev/pts", "sysfs": "/sys", "cgroup": "/sys/fs/cgroup", "mqueue": "/dev/mqueue",
}  # fmt: skip


def mounts_of(wanted: Wanted, volumes: Mapping[str, Volume], *, readonly: bool) -> list[Json]:
    """The list for config.json, by destination. Raises InputError for what cannot be one."""
    found = _defaults(readonly)
    for item in wanted.items("tmpfs"):
        parts = item.text.split(":")
        if len(parts) > 2:
            raise bad(item, f"too many ':' in tmpfs {shown(item.text)}", "expected /path or /path:option,option")
        options = parts[1].split(",") if len(parts) == 2 else []
        found[parts[0]] = mount(parts[0], "tmpfs", "tmpfs", options)
    for item in wanted.items("binds"):
        source, destination, options = _bind(item, volumes)
        found[destination] = mount(destination, "bind", source, options)
    for index, value in enumerate(wanted.value("mounts") or ()):
        made = _full(wanted, index, value, volumes)
        found[made["destination"]] = made
    return [found[destination] for destination in sorted(found)]


def mount(destination: str, kind: str, source: str, options: Sequence[str]) -> Json:
    """One mount as JSON, without what is empty."""
    full = {"destination": destination, "type": kind, "source": source, "options": list(options)}
    return {key: value for key, value in full.items() if value or key == "destination"}


def _defaults(readonly: bool) -> dict[str, Json]:
    read_only = ["ro"] if readonly else []
    given = (
        mount("/proc", "proc", "proc", ["nosuid", "nodev", "noexec", "relatime"]),
        mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k", *read_only]),
        mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
        mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", *read_only]),
        mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
    )
    return {one["destination"]: one for one in given}


def _bind(item: Item, volumes: Mapping[str, Volume]) -> tuple[str, str, list[str]]:
    parts = item.text.split(":")
    if not 2 <= len(parts) <= 3:
        few = "a ':' is missing" if len(parts) < 2 else "too many ':'"
        raise bad(
            item, f"{few} in bind {shown(item.text)}", "expected /source:/destination or /source:/destination:options"
        )
    source, destination = parts[0], parts[1]
    if not source.startswith("/"):
        volume = _volume(item, source, volumes)
        # Exactly `ro`: any option is joined by rbind here, so nothing else is ever needed to bind a volume.
        if volume.readonly and parts[2:] != ["ro"]:
            raise bad(item, f"volume {source!r} is read-only, but this bind is not", f"write {source}:{destination}:ro")
        source = f"{VOLUMES}/{source}/merged"
    return source, destination, [*parts[2].split(","), "rbind"] if len(parts) == 3 else ["rw", "rbind", "rshared"]


def _full(wanted: Wanted, index: int, value: Mount, volumes: Mapping[str, Volume]) -> Json:
    source, destination, options = value.source or "", value.destination or "", value.options or ()
    kind = value.type or (source if source in _NAMED_BY_SOURCE else "tmpfs" if destination == "/dev" else "")
    where = wanted.where("mounts", index)
    if not kind:
        raise InputError(f"the mount at {shown(destination)} has no type", where=where, hint="add `type`")
    destination = destination or _USUAL_PLACE.get(kind, "")
    if not destination:
        raise InputError(f"a mount of type {shown(kind)} needs a destination", where=where, hint="add `destination`")
    if kind == "bind" and not source.startswith("/"):
        volume = _volume(Item(source, where), source, volumes)
        # The first of the two that is met decides, as mount(8) would not, but LinuxKit does.
        if volume.readonly and next((option for option in options if option in ("ro", "rw")), "rw") == "rw":
            raise InputError(
                f"volume {source!r} is read-only, but this mount is not", where=where, hint="add the option ro"
            )
        source = f"{VOLUMES}/{source}/merged"
    return mount(destination, kind, source or kind, options)


def _volume(item: Item, name: str, volumes: Mapping[str, Volume]) -> Volume:
    if name not in volumes:
        known = suggestion(name, volumes, "volumes are") if volumes else "the image has none"
        raise bad(item, f"there is no volume {shown(name)}", f"{known}; paths begin with '/'")
    return volumes[name]
