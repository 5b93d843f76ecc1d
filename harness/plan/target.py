"""What a target is: the schema of `targets/<name>/target.yml`. Data, never code."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    StringConstraints,
    Tag,
    model_validator,
)

from harness.words import Arch, TargetClass

# Words of the marker language: `-m "not and"` could never mean a target of that name.
RESERVED = frozenset(("and", "or", "not", "true", "false", "none"))


def _not_reserved(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"{name!r} is a word of marker expressions; use another name")
    return name


def _inside(path: str) -> str:
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError(f"{path!r} must be a plain path downwards, without '..'")
    return path


# Names become file names, QEMU ids, pytest markers and URLs, so they are kept to what is inert in all of them.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64), AfterValidator(_not_reserved)]
# A word of QEMU's: a machine type, a CPU model, a property. QEMU parses these in comma lists, so nothing may split one.
QemuWord = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=64)]
# A property's text goes to QEMU as JSON; still no comma, quote or path, since QEMU parses some properties once more.
QemuText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:+=@-]*$", max_length=128)]
Tty = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]+$", max_length=31)]
Module = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]
# A CPU feature as QEMU has it behind the model's name: hv-time, kvm=off, -nrip-save.
CpuFeature = Annotated[
    str, StringConstraints(pattern=r"^[+-]?[A-Za-z0-9][A-Za-z0-9._-]*(=[A-Za-z0-9._+-]+)?$", max_length=64)
]
# A name in /sys that our init's shell reads: no white space, no pattern, no slash.
SysfsWord = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]
Package = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]+$", max_length=100)]
Suite = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]*$", max_length=40)]
# One word of the kernel's command line: printable, and no space or double quote (the kernel's parser lets a quote
# swallow the words after it), so that it can become neither two nor half a word.
CmdlineWord = Annotated[str, StringConstraints(pattern=r"^[!#-~]+$", max_length=255)]
RelativePath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+/-]*$", max_length=200), AfterValidator(_inside)
]
# What people read: no control or bidirectional characters, since it is printed on terminals. Notes may have lines.
_UNPRINTABLE = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
OneLine = Annotated[str, StringConstraints(pattern=rf"^[^\x00-\x1f{_UNPRINTABLE}]+$", max_length=200)]
Prose = Annotated[str, StringConstraints(pattern=rf"^[^\x00-\x08\x0b-\x1f{_UNPRINTABLE}]*$", max_length=20000)]


def _value_kind(value: Any) -> str:
    return "[bool]" if isinstance(value, bool) else "[int]" if isinstance(value, int) else "[text]"


# Which kind it is, is decided first: one message about the kind that was meant, instead of three. A union of plain
# types would also turn `true` into 1.
_Bool = Annotated[bool, Tag("[bool]")]
_Int = Annotated[int, Field(ge=-(1 << 63), lt=1 << 64), Tag("[int]")]
PropertyValue = Annotated[_Bool | _Int | Annotated[QemuText, Tag("[text]")], Discriminator(_value_kind)]
MachineProperty = Annotated[_Bool | _Int | Annotated[QemuWord, Tag("[text]")], Discriminator(_value_kind)]


def _has_driver(device: dict[str, Any]) -> dict[str, Any]:
    driver = device.get("driver")
    if not isinstance(driver, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", driver):
        raise ValueError("a device needs `driver`, the name of a QEMU device")
    return device


Device = Annotated[dict[QemuWord, PropertyValue], AfterValidator(_has_driver)]


class Model(BaseModel):
    """Strict and frozen: an unknown key is an error, a resolved target never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Machine(Model):
    """The board or PC as QEMU names it."""

    type: QemuWord = Field(description="QEMU machine type, such as q35, virt or raspi3b")
    cpu: QemuWord | None = Field(None, description="QEMU CPU model; boards bring their own")
    cpu_features: tuple[CpuFeature, ...] = Field((), description="features on top of the model, such as hv-time")
    accelerator: Literal["any", "kvm"] = Field(
        "any", description="kvm: what is in the machine takes KVM; without it on the host, that of a nested guest"
    )
    cpus: int = Field(1, ge=1, le=64, description="virtual CPUs")
    memory: int = Field(256, ge=16, le=65536, description="memory in MiB")
    threads: Literal["multi", "single"] = Field(
        "multi", description="how TCG runs several CPUs: a thread each, or in turn in one, for boards whose CPUs spin"
    )
    fixed_memory: bool = Field(False, description="the board has exactly this much; -m is not passed")
    firmware: Literal["bios", "uefi", "none"] = Field("none", description="what runs before the kernel")
    secure_boot: bool = Field(False, description="UEFI starts what is signed, and nothing else; keys of our own")
    tpm: Literal["tpm-crb", "tpm-tis", "tpm-tis-device"] | None = Field(
        None, description="a TPM 2.0, by QEMU's name of its interface; a new one for each boot"
    )
    properties: dict[QemuWord, MachineProperty] = Field(default_factory=dict, description="machine properties")

    @model_validator(mode="after")
    def _verified_by_uefi(self) -> Machine:
        if self.secure_boot and self.firmware != "uefi":
            raise ValueError("`secure_boot` is UEFI's: it needs `firmware: uefi`")
        return self


class Disk(Model):
    """A disk of the machine. `scratch` is an empty disk with a label in its first sector that the guest reads back."""

    bus: Literal["virtio", "virtio-mmio", "virtio-ccw", "scsi", "vscsi", "nvme", "ahci", "ide", "sd"]
    content: Literal["scratch", "nocloud", "config-drive"] = "scratch"
    size: int = Field(64, ge=1, le=1 << 20, description="size in MiB of a scratch disk")


class Nic(Model):
    """A network card on QEMU's user network, which leads nowhere unless `internet` is set."""

    model: QemuWord = Field(description="QEMU device (virtio-net-pci, e1000e, ...), or `onboard`")
    internet: bool = False
    metadata: Literal["ec2", "gce", "azure"] | None = Field(
        None, description="the cloud whose metadata service answers on its network, at 169.254.169.254"
    )


class Console(Model):
    """The serial line that carries the boot, and if there is one, a second line for commands.

    `port` counts QEMU's serial ports from 0. With a second line, kernel messages cannot split a command.
    """

    device: Tty = Field(description="the guest's name of it, such as ttyS0")
    port: int = Field(0, ge=0, le=3)
    baud: int | None = Field(None, ge=300, le=4000000, description="line speed of a real board")
    channel: Tty | None = Field(None, description="the guest's name of the command line")
    channel_port: int = Field(1, ge=0, le=3)


class Kernel(Model):
    """Which kernel package of Debian fits, which device tree, and what a kernel built for this hardware has."""

    package: Package = Field(description="Debian's metapackage, such as linux-image-arm64")
    suite: Suite | None = Field(
        None, description="suite of Debian that has this architecture, where the host's own release has not"
    )
    dtb: RelativePath | None = Field(None, description="device tree inside the package's dtb folder")
    features: tuple[Name, ...] = Field(
        (), description="fragments of harness/kernel/config/features for a matched kernel; kernel.config has the rest"
    )


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as problem:
        raise ValueError(f"{text!r} is no regular expression: {problem}") from None
    return text


Pattern = Annotated[OneLine, AfterValidator(_pattern)]


class KernelLine(Model):
    """A line that the kernel says on this hardware before the machine is ready, and that is a milestone."""

    name: Name
    line: Pattern = Field(description="a regular expression that is found in it")


class Checks(Model):
    """What our init looks for in sysfs, a milestone each."""

    clocksource: SysfsWord | None = Field(None, description="the clock that the kernel has to have chosen")
    buses: tuple[SysfsWord, ...] = Field((), description="buses on each of which a device has to be listed")


class Boot(Model):
    """What the harness may expect of the boot, and for how long."""

    poweroff: bool = Field(True, description="the machine can switch itself off")
    resets: int = Field(0, ge=0, le=8, description="resets that are part of a healthy boot")
    silence: float = Field(40, gt=0, le=3600, description="seconds without a sign of life before it counts as hung")
    deadline: float = Field(180, gt=0, le=86400, description="seconds to the last milestone")
    expected: float = Field(10, gt=0, le=86400, description="seconds a boot takes, until history knows better")
    lines: tuple[KernelLine, ...] = Field((), description="lines of the kernel that are milestones, in any order")


class Target(Model):
    """One kind of hardware, resolved: `extends` has been followed and every default is filled in.

    The two times in `boot` are the machine's own: wall clock less what an overloaded host kept from it.
    """

    name: Name
    summary: OneLine
    arch: Arch
    class_: TargetClass = Field(alias="class")
    machine: Machine
    disks: tuple[Disk, ...] = ()
    nics: tuple[Nic, ...] = ()
    devices: tuple[Device, ...] = Field(
        (), description="more devices, each as QEMU's -device in JSON form; `driver` is required"
    )
    console: Console
    kernel: Kernel
    drivers: tuple[Module, ...] = Field((), description="kernel modules this hardware needs, in order of loading")
    cmdline: tuple[CmdlineWord, ...] = Field((), description="kernel command line, a word an entry; console= is added")
    boot: Boot = Boot()
    checks: Checks = Checks()
    notes: Prose = ""
    # Where it was found, and no part of what a file may say: its own folder last, after those it extends.
    _folders: tuple[Path, ...] = PrivateAttr(())

    @property
    def metadata_source(self) -> str | None:
        """What tells the guest who it is: `nocloud`, `config-drive`, or a cloud whose service does."""
        disks = (disk.content for disk in self.disks if disk.content != "scratch")
        services = (nic.metadata for nic in self.nics if nic.metadata)
        return next(itertools.chain(disks, services), None)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where its kernel fragments lie: the folders of the targets it extends, the oldest first, its own last."""
        return self._folders

    def found_in(self, folders: tuple[Path, ...]) -> Target:
        """The same target, knowing its folders."""
        found = self.model_copy()
        found._folders = folders
        return found
