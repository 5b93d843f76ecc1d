"""Whether an initrd can be unpacked in a machine's memory: asked when it is made, not when a kernel fails to."""

from __future__ import annotations

from harness.errors import InputError

_MIB = 1 << 20
_KERNEL_ROOM = 32 * _MIB  # what a kernel needs to come so far: its own pages, page tables, the first processes


def refuse_too_large(kernel: int, initrd: int, unpacked: int, memory: int | None) -> None:
    """Sizes in bytes; `memory` None: not known, nothing is refused. Pure.

    The initrd lies in memory while it is unpacked, into a tmpfs that takes half of the memory at most
    (init/do_mounts.c, mm/shmem.c). Raises InputError with the numbers.
    """
    if memory is None:
        return
    whole = kernel + initrd + unpacked + _KERNEL_ROOM
    need = max(whole, 2 * unpacked)
    if need > memory:
        raise InputError(
            f"the image does not fit the memory of {_mib(memory)}: kernel {_mib(kernel)}, initrd {_mib(initrd)}, "
            f"unpacked {_mib(unpacked)} in a file system that takes half of the memory at most",
            hint=f"give the machine {_mib(need)} or leave something out",
        )


def _mib(size: int) -> str:
    return f"{-(-size // _MIB)} MiB"
