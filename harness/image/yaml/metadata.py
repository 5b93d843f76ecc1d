"""The whole configuration as a file of the image (`metadata: json` or `yaml`), as Go's encoders write LinuxKit's.

Those who read it back, LinuxKit itself among them, compare it byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from harness.image.gojson import text_of
from harness.image.oci.reference import full_name
from harness.image.yaml.assembly import SECTIONS, Assembly
from harness.image.yaml.schema import File, Settings, Volume

# Our schema has the fields of a container in the order of LinuxKit's own structure.
_SETTINGS = tuple(field.alias or name for name, field in Settings.model_fields.items())


def metadata_of(assembly: Assembly, form: str) -> bytes:
    """The text, `form` being json or yaml. Pure."""
    if form == "json":
        return text_of(_document(assembly, empty=None))
    return _yaml_text(_document(assembly, empty=[])).encode()


def _document(assembly: Assembly, empty: Any) -> dict[str, Any]:
    """`empty`: how a list that was not given is written: JSON null, YAML []."""
    kernel = assembly.kernel.model_dump(exclude_none=True)
    if kernel.get("image"):
        kernel["image"] = full_name(kernel["image"])
    whole: dict[str, Any] = {"kernel": {"image": kernel.get("image", ""), **kernel}}
    whole["init"] = [full_name(placed.value) for placed in assembly.init] or empty
    as_json = empty is None
    for section in SECTIONS:
        whole[section] = [_container(placed.value, as_json=as_json) for placed in assembly.containers(section)] or empty
    whole["files"] = [_file(placed.value) for placed in assembly.files] or empty
    whole["volumes"] = [_volume(placed.value) for placed in assembly.volumes] or empty
    return whole


def _file(file: File) -> dict[str, Any]:
    given = file.model_dump(exclude_none=True)
    order = ("path", "directory", "symlink", "contents", "source", "metadata", "optional", "mode", "uid", "gid")
    kept = (key for key in order if key in given and (given[key] != "" or key in ("path", "contents", "uid", "gid")))
    return {key: given[key] for key in kept}


def _volume(volume: Volume) -> dict[str, Any]:
    given = volume.model_dump(mode="json", exclude_none=True)
    return {"name": volume.name, **{key: given[key] for key in given if given[key] and key != "name"}}


def _container(container: Any, *, as_json: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"name": container.name, "image": full_name(container.image)}
    given = container.model_dump(mode="json", by_alias=True, exclude_none=True)
    for key in _SETTINGS:
        # Texts are left out when empty; lists and numbers are kept, since for them empty was said.
        if key in given and given[key] != "":
            found[key] = given[key]
    if "runtime" in found:
        found["runtime"] = _runtime(container.runtime, as_json=as_json)
    if "mounts" in found:
        found["mounts"] = [_mount(mount, as_json=as_json) for mount in found["mounts"]]
    return found


def _runtime(runtime: BaseModel, *, as_json: bool) -> dict[str, Any]:
    given = runtime.model_dump(mode="json", exclude_none=True)
    bind = given.pop("bindNS", {})
    namespace = given.pop("namespace", None)
    if "mounts" in given:
        given["mounts"] = [_mount(mount, as_json=as_json) for mount in given["mounts"]]
    for interface in given.get("interfaces", ()):
        interface["createInRoot"] = interface.pop("createInRoot", False)
    if bind or as_json:
        given["bindNS"] = bind
    return given if namespace is None else {**given, "namespace": namespace}


def _mount(mount: Mapping[str, Any], *, as_json: bool) -> dict[str, Any]:
    """JSON leaves out what is empty; the YAML encoder knows no such rule for a type of another package."""
    full = {key: mount.get(key, "") for key in ("destination", "type", "source")} | {
        "options": mount.get("options", [])
    }
    if as_json:
        return {key: value for key, value in full.items() if value or key == "destination"}
    return {**full, "uidmappings": [], "gidmappings": []}


def _yaml_text(document: Mapping[str, Any]) -> str:
    """YAML as Go's yaml.v2 writes it: what another reader might not take for text is in double quotes."""
    import yaml

    from harness.image.yaml.scalars import resolved

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    def text(dumper: Any, value: str) -> Any:
        ambiguous = value == "" or resolved(value) is not value or value in set(_old_words())
        return dumper.represent_scalar(
            "tag:yaml.org,2002:str", value, style="|" if "\n" in value else '"' if ambiguous else None
        )

    Dumper.add_representer(str, text)
    return str(
        yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1 << 30, default_flow_style=False)
    )


def _old_words() -> Iterator[str]:
    """Booleans of YAML 1.1."""
    for word in ("y", "n", "yes", "no", "on", "off"):
        yield from (word, word.capitalize(), word.upper())
    yield from ("<<", "=")
