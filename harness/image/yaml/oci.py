"""The parts of an image YAML that are the OCI runtime specification's own: mounts, devices, ids and resources.

Keys are those of the YAML; `spec/` writes them by the names of config.json.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from harness.plan.target import Model

Word = Annotated[str, StringConstraints(max_length=1 << 16, pattern=r"^[^\x00]*$")]
Signed = Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)]
Unsigned = Annotated[int, Field(ge=0, lt=1 << 64)]
Id = Annotated[int, Field(ge=0, lt=1 << 32)]
Weight = Annotated[int, Field(ge=0, lt=1 << 16)]
Mode = Annotated[str, StringConstraints(pattern=r"^[0-7]{1,5}$")]


class Mount(Model):
    """One mount; what it lacks is filled in where it can be guessed."""

    destination: Word | None = None
    type: Word | None = None
    source: Word | None = None
    options: tuple[Word, ...] | None = None


class DeviceId(Model):
    """A device node of a container; the path `all` permits a whole kind."""

    path: Word
    type: Word = "c"
    major: Signed = 0
    minor: Signed = 0
    mode: Mode | None = None


class IdMapping(Model):
    """A range of ids of a user namespace."""

    hostID: Id = 0
    containerID: Id = 0
    size: Id = 0


class DeviceRule(Model):
    """Who may use which devices."""

    allow: bool = False
    type: Word | None = None
    major: Signed | None = None
    minor: Signed | None = None
    access: Word | None = None


class Memory(Model):
    """Bytes; -1 for unlimited."""

    limit: Signed | None = None
    reservation: Signed | None = None
    swap: Signed | None = None
    kernel: Signed | None = None
    kernelTCP: Signed | None = None
    swappiness: Unsigned | None = None
    disableOOMKiller: bool | None = None


class Cpu(Model):
    """Shares, and microseconds of each period."""

    shares: Unsigned | None = None
    quota: Signed | None = None
    period: Unsigned | None = None
    realtimeRuntime: Signed | None = None
    realtimePeriod: Unsigned | None = None
    cpus: Word | None = None
    mems: Word | None = None


class Pids(Model):
    """How many processes."""

    limit: Signed | None = None


class WeightDevice(Model):
    """A block device's share."""

    major: Signed = 0
    minor: Signed = 0
    weight: Weight | None = None
    leafWeight: Weight | None = None


class ThrottleDevice(Model):
    """A block device's limit, in bytes or operations a second."""

    major: Signed = 0
    minor: Signed = 0
    rate: Unsigned = 0


class BlockIo(Model):
    """Limits of block devices."""

    weight: Weight | None = None
    leafWeight: Weight | None = None
    weightDevice: tuple[WeightDevice, ...] | None = None
    throttleReadBpsDevice: tuple[ThrottleDevice, ...] | None = None
    throttleWriteBpsDevice: tuple[ThrottleDevice, ...] | None = None
    throttleReadIOPSDevice: tuple[ThrottleDevice, ...] | None = None
    throttleWriteIOPSDevice: tuple[ThrottleDevice, ...] | None = None


class HugepageLimit(Model):
    """Bytes of huge pages of one size, such as 2MB."""

    pageSize: Annotated[Word | int, Field(union_mode="smart")] = ""
    limit: Unsigned = 0


class Priority(Model):
    """A network interface's priority."""

    name: Word = ""
    priority: Id = 0


class Network(Model):
    """Class and priorities of a container's packets."""

    classID: Id | None = None
    priorities: tuple[Priority, ...] | None = None


class Resources(Model):
    """The limits of a container's control group."""

    devices: tuple[DeviceRule, ...] | None = None
    memory: Memory | None = None
    cpu: Cpu | None = None
    pids: Pids | None = None
    blockio: BlockIo | None = None
    hugepageLimits: tuple[HugepageLimit, ...] | None = None
    network: Network | None = None
