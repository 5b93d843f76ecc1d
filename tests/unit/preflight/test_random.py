"""Whatever a kernel, a tree or an initrd says of itself, preflight gives an answer and raises nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.image.contents import Contents, program_of
from harness.kernel.devicetree import DeviceNode, DeviceTree, parse
from harness.kernel.symbols import symbols_of
from harness.plan.target import Target
from harness.preflight.facts import Facts
from harness.preflight.knowledge import read_knowledge
from harness.preflight.preflight import preflight
from harness.words import Arch

SEEDS = range(60)


def _symbols() -> list[str]:
    known = read_knowledge()
    entries = [
        *known.devices.values(), *known.machines.values(), *known.consoles.values(), *known.features.values(),
        *known.compression.values(), *known.compatibles.values(),
    ]  # fmt: skip
    needs = [need for entry in entries for need in (*entry.needs, *entry.wants)]
    return sorted({word for need in needs for word in need.split(" | ")})


@pytest.mark.parametrize("seed", SEEDS)
def test_random_boots(facts: Callable[..., Facts], target: Callable[..., Target], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    known = read_knowledge()

    def junk(size: int) -> str:
        return "".join(chance.choices("ab/.=,-\x00\x1b\ufffd 0179", k=chance.randrange(size)))

    pick = {name: chance.choice(["y", "m", '""', "0x1", junk(9)]) for name in chance.sample(_symbols(), 60)}
    machine = chance.choice(sorted(known.machines)).replace("*", "")
    made = facts(
        target=target(
            arch=chance.choice(list(Arch)).value,
            machine={"type": machine, "firmware": chance.choice(["none", "bios", "uefi"])},
            console={"device": chance.choice(sorted(known.consoles)).replace("*", "") + "3"},
        ),
        config=chance.choice([pick, {}, None]),
        config_certain=chance.random() < 0.5,
        release=junk(9),
        cmdline=tuple(
            chance.choice(["console=", "root=", "rootfstype=", "earlycon=", "rdinit=", "quiet", ""]) + junk(9)
            for _ in range(6)
        ),
        devices=tuple(chance.choices([*known.devices, junk(20)], k=5)),
        buses=("sd", junk(4)),
        onboard_nic=chance.random() < 0.5,
        needs=tuple(chance.choices([*known.features, junk(9)], k=5)),
        ours=chance.random() < 0.5,
        tree=chance.choice(
            [None, DeviceTree((DeviceNode(junk(9), (junk(9), "ns16550a"), True),), {"serial3": junk(9)})]
        ),
        initrd=chance.choice([None, _initrd(chance, junk)]),
    )
    first = preflight(made)
    assert first == preflight(replace(made))
    assert all(str(found) for found in first)


def _initrd(chance: random.Random, junk: Callable[[int], str]) -> Contents:
    heads = [b"\x7fELF" + chance.randbytes(200), b"#!" + chance.randbytes(40), chance.randbytes(60), b""]
    return Contents(
        forms=tuple(chance.choices(["gzip", "none", junk(5)], k=3)),
        packed=chance.randrange(1 << 40),
        unpacked=chance.randrange(1 << 40),
        complete=chance.random() < 0.8,
        programs={name: program_of(chance.choice(heads)) for name in ("init", "bin/sh", junk(9))},
        links={junk(9): junk(9), "bin": "bin", "sbin/init": "../../../init"},
        modules=tuple(f"lib/modules/{junk(9)}.ko" for _ in range(4)),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_random_trees_and_configurations(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    words = [
        b"\0\0\0\1",
        b"\0\0\0\2",
        b"\0\0\0\3",
        b"\0\0\0\4",
        b"\0\0\0\x09",
        b"\0\0\0\x08",
        b"abc\0",
        chance.randbytes(4),
    ]
    body = b"".join(chance.choices(words, k=200))
    blob = (
        b"\xd0\x0d\xfe\xed" + (0).to_bytes(4) + (16).to_bytes(4) + chance.choice([16, 60, 1 << 31]).to_bytes(4) + body
    )
    try:
        parse(blob)
    except Exception as problem:
        assert type(problem).__name__ in {"ValueError", "error"}, problem  # noqa: PT017 - both are allowed
    assert symbols_of(chance.randbytes(4000).decode("latin-1") + "\nCONFIG_A=y\n")["A"] == "y"
