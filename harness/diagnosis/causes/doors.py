"""Between firmware and kernel: a loader that lacks its file, and a network that has no answer or no file.

Words of iPXE (core/errno, usr/ifmgmt), EDK II (PxeBcDxe, HttpBootDxe), GRUB (kern/fs), and U-Boot (net/tftp, fs/fs).
"""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import BEFORE_KERNEL, Cause, Weight, explains

_NO_ANSWER = (
    # iPXE breaks lines where the screen ends.
    r"No configuration methods|Connection timed out \(http|Waiting for link-up[^\n]{0,60}(?:Down|failed)"
    r"|PXE-E(?:16|18|51|53|99|11|12|21)\b|Retry (?:count|time) exceeded|BOOTP? retry (?:limit|time) exceeded"
    r"|Link down \(http|TFTP server died|BdsDxe: failed to load Boot\w{4} \"UEFI (?:PXE|HTTP)v4 "
)
_NO_FILE = (
    r"TFTP error: 'File not found'|PXE-E23|PXE-T01|No such file or directory \(http|File not found \(http"
    r"|Error: Server response timeout|HTTP Status: 404|Not found \(http"
)
_LACKS = (
    r"error: (?:\S{1,80}: ?)?file [`'](?P<grub>[^'\n]{1,200})' not found|Failed to load '(?P<uboot>[^'\n]{1,200})'"
    r"|Could not find kernel image: (?P<syslinux>\S{1,200})|\*\* Unable to read file (?P<old>\S{1,200}) \*\*"
)


@explains(Weight.STATED, *BEFORE_KERNEL)
def no_file_on_the_network(case: Case) -> Cause | None:
    """The server answered, and has it not."""
    found = case.said_before_kernel(_NO_FILE)
    if found is None:
        return None
    return Cause(
        "netboot-file-missing",
        "the network's server does not have the file that it was asked for",
        (found.string, *_asked(case)),
        "see that the file lies in the server's folder under the very name that DHCP or the script gives",
    )


@explains(Weight.STATED, *BEFORE_KERNEL)
def no_answer_of_the_network(case: Case) -> Cause | None:
    """Nobody gave an address, or a file."""
    found = case.said_before_kernel(_NO_ANSWER)
    if found is None:
        return None
    return Cause(
        "netboot-no-answer",
        "the network does not answer: no link, no DHCP, or a server that is not there",
        (found.string, *_asked(case)),
        "see that the cable is in, that DHCP runs on this network, and that the server it names answers there",
    )


@explains(Weight.STATED, *BEFORE_KERNEL)
def no_file_for_the_loader(case: Case) -> Cause | None:
    """It was started, and what it is to load is not on the medium."""
    found = case.said_before_kernel(_LACKS)
    if found is None:
        return None
    name = next(name for name in found.groups() if name)
    return Cause(
        "loader-file-missing",
        f"the boot loader does not find {name} on its medium",
        (found.string,),
        "see that the file is on the partition that the loader reads, under this name",
    )


def _asked(case: Case) -> tuple[str, ...]:
    asked = case.all_said(r"^Filename: |NBP filename is|^Filename '|^tftp://|^http://|URI: ")
    return tuple(one.string for one in asked[-2:])
