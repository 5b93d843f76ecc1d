"""The audit on the real Kconfig of a real kernel: what is not honoured is refused, with the reason and the line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.errors import InputError
from harness.kernel.matched.fragments import Request, fragments_of, merged, parse
from harness.kernel.matched.resolve import ResolvedConfig, resolve
from harness.kernel.matched.source import DEFAULT_SOURCE, source_tree
from harness.kernel.matched.toolchain import toolchain
from harness.plan.catalog import Catalog, builtin_root
from harness.store import Store


@pytest.fixture(scope="module")
def resolved() -> Callable[..., ResolvedConfig]:
    """Resolve the fragments of a target, and more requests as in a file own.config; `less` are taken out."""
    store = Store()
    source = source_tree(DEFAULT_SOURCE, store)

    def run(target_name: str, more: str = "", less: tuple[str, ...] = ()) -> ResolvedConfig:
        target = Catalog(builtin_root()).target(target_name)
        requests: dict[str, Request] = dict(merged(fragments_of(target), target.folders))
        requests |= {each.symbol: each for each in parse(more, "own.config")}
        for symbol in less:
            del requests[symbol]
        return resolve(requests, source, toolchain(target.arch), store)

    return run


def refused(resolved: Callable[..., ResolvedConfig], *words: str, less: tuple[str, ...] = ()) -> str:
    with pytest.raises(InputError) as caught:
        resolved("x86_64-cloud-microvm", "\n".join(words), less)
    return str(caught.value)


def test_what_is_honoured_is_in_the_configuration(resolved: Callable[..., ResolvedConfig]) -> None:
    symbols = resolved("x86_64-cloud-microvm", "CONFIG_DUMMY=y\nCONFIG_LOG_BUF_SHIFT=15").symbols
    assert symbols["DUMMY"] == "y"
    assert symbols["LOG_BUF_SHIFT"] == "15"
    assert symbols["VIRTIO_MMIO"] == "y"
    assert "SOUND" not in symbols


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("CONFIG_E1000E=y", "own.config:1: CONFIG_E1000E: depends on ETHERNET=y, which is n and NET_VENDOR_INTEL"),
        ("CONFIG_SERIAL_8250_CONSOEL=y", "has no such symbol for x86; did you mean CONFIG_SERIAL_8250_CONSOLE?"),
        ("# CONFIG_OBJTOOL is not set", "asked to be off, but it is y, selected by HAVE_UACCESS_VALIDATION"),
        ("CONFIG_KERNEL_XZ=y", "CONFIG_KERNEL_LZ4: is one of a choice of which another was taken"),
        ("CONFIG_LOG_BUF_SHIFT=y", "is of type integer, not a switch"),
        ("CONFIG_SMP=m", "CONFIG_SMP: is a bool, so it cannot be a module"),
    ],
)
def test_what_is_not_honoured(resolved: Callable[..., ResolvedConfig], line: str, told: str) -> None:
    assert told in refused(resolved, line)


def test_a_request_whose_ground_was_taken_away(resolved: Callable[..., ResolvedConfig]) -> None:
    """The example that fails most often: a console whose port's driver is missing."""
    told = refused(resolved, less=("SERIAL_8250",))
    assert "arch/x86_64.config:" in told
    assert "CONFIG_SERIAL_8250_CONSOLE: depends on SERIAL_8250=y, which is n" in told


def test_several_are_told_together(resolved: Callable[..., ResolvedConfig]) -> None:
    told = refused(resolved, *(f"CONFIG_NO_SUCH_{letter}=y" for letter in "ABCDEFG"))
    assert told.count("no such symbol") == 5
    assert "and 2 more" in told
    assert "own.config:2: " in told


def test_the_same_requests_come_to_the_same_configuration(resolved: Callable[..., ResolvedConfig]) -> None:
    assert resolved("arm64-cloud-virt").key == resolved("arm64-cloud-virt", "CONFIG_PCI=y").key
    assert resolved("arm64-cloud-virt").key != resolved("arm64-cloud-virt", "CONFIG_DUMMY=y").key
