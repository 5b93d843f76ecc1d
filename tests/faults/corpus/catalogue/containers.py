"""Images of containers whose kernel lacks what they need, or whose services die."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import ARM64, Fault, Way
from tests.faults.corpus.ways import boots, initrds
from tests.faults.corpus.ways.containers import image

DIES = """services:
  - {name: agent, image: shell, command: [/bin/sh, -c, 'echo no licence found >&2; exit 5']}
"""
ONBOOT = """onboot:
  - {name: prepare, image: shell, command: [/bin/sh, -c, 'echo no disk to prepare >&2; exit 3']}
"""
SLEEPS = """services:
  - {name: agent, image: shell, command: [/bin/sh, -c, 'exec sleep 1000']}
"""
FILLS = """onboot:
  - name: fill
    image: shell
    command: [/bin/sh, -c, 'dd if=/dev/zero of=/data/all bs=64k count=64']
    binds: ["/var/data:/data"]
    runtime: {mounts: [{destination: /var/data, type: tmpfs, source: data, options: [size=1m]}]}
"""

# Without the memory controller, which Raspberry Pi's firmware switches off by the kernel's command line.
LIMITED = """services:
  - {name: agent, image: shell, command: [/bin/sh, -c, 'echo the agent is up; sleep 600'],
     resources: {memory: {limit: 50000000}}}
"""


def fault(name: str, cause: str, *by: Way) -> Fault:
    """It never says that it is up, which takes containerd its time on a host that is busy."""
    return Fault(name, ARM64, by, Outcome.HANG, cause, silence=25, deadline=150)


FAULTS = (
    fault("container-service-dies", "service-died", image(DIES), boots.ready("the agent is up")),
    fault("container-onboot-fails", "service-died", image(ONBOOT), boots.ready("step=ready status=0")),
    fault(
        "container-overlay-missing",
        "container-support-missing",
        image(DIES, modules=()),
        boots.ready("step=ready status=0"),
    ),
    fault(
        "container-memory-controller-off",
        "container-support-missing",
        image(LIMITED),
        boots.words("cgroup_disable=memory"),
        boots.ready("the agent is up"),
    ),
    fault("container-disk-full", "guest-disk-full", image(FILLS), boots.ready("step=ready status=0")),
    # The init and its shell are whole, and runc, one of the last files, is not.
    fault(
        "container-initrd-cut",
        "initrd-truncated",
        image(SLEEPS),
        initrds.cut(0.97),
        boots.ready("step=ready status=0"),
    ),
)
