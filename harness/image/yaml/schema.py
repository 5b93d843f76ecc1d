"""The image YAML: what LinuxKit's means, key by key. Absent keys are None, since absent and empty differ here.

docs/yaml.md of LinuxKit describes the keys; `Settings` is also what the label `org.mobyproject.config` may hold.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag

from harness.errors import InputError
from harness.image.oci.reference import full_name
from harness.image.yaml.oci import DeviceId, IdMapping, Mount, Resources
from harness.plan.target import Model

Text = Annotated[str, StringConstraints(max_length=1 << 16, pattern=r"^[^\x00]*$")]
Texts = tuple[Text, ...]
TextMap = dict[Text, Text]


def _identity(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"expected a number or the name of a container, got {str(value)[:30]}")
    if isinstance(value, int) and not 0 <= value < 1 << 32:
        raise ValueError(f"{value} is no id; expected 0 to {(1 << 32) - 1}")
    return value


def _container_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,75}", name):
        raise ValueError(f"{name[:80]!r} cannot name a container; use letters, digits, '_', '.' and '-', 76 at most")
    return name


def _volume_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_-]{1,64}", name):
        raise ValueError(f"{name[:80]!r} cannot name a volume; use lower-case letters, digits, '_' and '-'")
    return name


def _octal(text: str) -> str:
    if (text and not re.fullmatch(r"[0-7]{1,6}", text)) or int(text or "0", 8) > 0o7777:
        raise ValueError(f"{text[:40]!r} is no mode; expected octal digits in quotes, such as '0644'")
    return text


def _image(name: str) -> str:
    try:
        full_name(name)
    except InputError as problem:
        raise ValueError(f"{problem.what}; {problem.hint}") from None
    return name


# A number, or the name of a container that stands for its number.
Identity = Annotated[int | str, BeforeValidator(_identity)]
Image = Annotated[str, AfterValidator(_image)]
Octal = Annotated[str, AfterValidator(_octal)]


class Kernel(Model):
    """The kernel, from an image that holds `kernel` and `kernel.tar`."""

    image: Image | None = Field(None, description="image with the kernel")
    cmdline: Text | None = Field(None, description="the kernel's command line")
    binary: Text | None = Field(None, description="the kernel's name in the image (default: kernel)")
    tar: Text | None = Field(None, description="archive of the image that is unpacked into the root; `none` for none")
    ucode: Text | None = Field(None, description="microcode of the image, a cpio archive")


class Volume(Model):
    """A folder that containers share."""

    name: Annotated[str, AfterValidator(_volume_name)]
    image: Image | None = Field(None, description="image that fills it; none: empty")
    readonly: bool | None = None
    format: Annotated[str, StringConstraints(pattern=r"^(filesystem|oci)?$")] | None = Field(
        None, description="filesystem (default): the image unpacked; oci: as an OCI image layout"
    )
    platforms: Texts | None = Field(None, description="platforms of the layout, such as linux/arm64")


class File(Model):
    """A file, folder or symbolic link of the root file system."""

    path: Text = ""
    directory: bool = False
    symlink: Text | None = None
    contents: str | None = None
    source: Text | None = Field(None, description="file of this host, relative to the YAML")
    metadata: Text | None = Field(None, description="json or yaml: the whole configuration as the file's contents")
    optional: bool = Field(False, description="leave it out where `source` is missing")
    mode: Octal | None = Field(None, description="octal, in quotes; default 0600, folders 0700")
    uid: Identity | None = None
    gid: Identity | None = None


class Interface(Model):
    """A network interface that is moved into, or made for, a container."""

    name: Text | None = None
    add: Text | None = Field(None, description="kind of interface to make, such as veth")
    peer: Text | None = None
    createInRoot: bool | None = None


class Namespaces(Model):
    """Where namespaces of a container are bound."""

    cgroup: Text | None = None
    ipc: Text | None = None
    mnt: Text | None = None
    net: Text | None = None
    pid: Text | None = None
    user: Text | None = None
    uts: Text | None = None


class Runtime(Model):
    """What is done for a container before it starts, outside of the OCI specification."""

    cgroups: Texts | None = None
    mounts: tuple[Mount, ...] | None = None
    mkdir: Texts | None = None
    interfaces: tuple[Interface, ...] | None = None
    bindNS: Namespaces | None = None
    namespace: Text | None = None


class Settings(Model):
    """How a container is run."""

    capabilities: Texts | None = None
    capabilities_add: Texts | None = Field(None, alias="capabilities.add")
    ambient: Texts | None = None
    mounts: tuple[Mount, ...] | None = None
    binds: Texts | None = None
    binds_add: Texts | None = Field(None, alias="binds.add")
    devices: tuple[DeviceId, ...] | None = None
    tmpfs: Texts | None = None
    command: Texts | None = None
    env: Texts | None = None
    cwd: Text | None = None
    net: Text | None = None
    pid: Text | None = None
    ipc: Text | None = None
    uts: Text | None = None
    userns: Text | None = None
    hostname: Text | None = None
    readonly: bool | None = None
    maskedPaths: Texts | None = None
    readonlyPaths: Texts | None = None
    uid: Identity | None = None
    gid: Identity | None = None
    additionalGids: tuple[Identity, ...] | None = None
    noNewPrivileges: bool | None = None
    oomScoreAdj: Annotated[int, Field(ge=-1000, le=1000)] | None = None
    rootfsPropagation: Text | None = None
    cgroupsPath: Text | None = None
    resources: Resources | None = None
    sysctl: TextMap | None = None
    rlimits: Texts | None = None
    uidMappings: tuple[IdMapping, ...] | None = None
    gidMappings: tuple[IdMapping, ...] | None = None
    annotations: TextMap | None = None
    runtime: Runtime | None = None


class Container(Settings):
    """A container of `onboot`, `onshutdown` or `services`."""

    name: Annotated[str, AfterValidator(_container_name)]
    image: Image


class Trust(Model):
    """Which images must be signed: by name, by the first part of the name behind the registry, or all of them."""

    image: Texts | None = None
    org: Texts | None = None
    required: bool = Field(False, description="all images; `trust: required` is short for it")


def _is_word(value: Any) -> str:
    return "[word]" if isinstance(value, str) else "[mapping]"


TrustWord = Literal["required"]
Trusted = Annotated[
    Annotated[TrustWord, Tag("[word]")] | Annotated[Trust, Tag("[mapping]")],
    Discriminator(_is_word),
]


class ImageFile(Model):
    """One image YAML, before it is merged with others."""

    kernel: Kernel | None = None
    init: tuple[Image, ...] = ()
    onboot: tuple[Container, ...] = ()
    onshutdown: tuple[Container, ...] = ()
    services: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    files: tuple[File, ...] = ()
    trust: Trusted | None = None
