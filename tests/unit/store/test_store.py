"""The store: atomic, locked, self-healing."""

from __future__ import annotations

import errno
import multiprocessing
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HostError
from harness.store import MANIFEST, Store, key_of


def put(text: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "deep").mkdir()
        (folder / "a").write_text(text)
        (folder / "deep" / "b c").write_text(text * 2)
        (folder / "link").symlink_to("a")

    return make


def refuse(folder: Path) -> None:
    raise AssertionError("made again")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def test_made_once_then_found(store: Store) -> None:
    entry = store.get("thing", {"x": 1}, put("hello"))
    assert entry == store.root / "thing" / key_of("thing", {"x": 1})
    assert (entry / "deep" / "b c").read_text() == "hellohello"
    assert store.get("thing", {"x": 1}, refuse) == entry
    assert store.get("thing", {"x": 2}, put("other")) != entry
    assert store.verify() == []


def test_key_is_canonical() -> None:
    assert key_of("k", {"a": 1, "b": [2]}) == key_of("k", {"b": [2], "a": 1})
    assert key_of("k", {"a": 1}) != key_of("k", {"a": "1"})
    assert key_of("k", {"a": 1}) != key_of("l", {"a": 1})


def test_root_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "elsewhere"))
    assert Store().root == tmp_path / "elsewhere"


def _missing(entry: Path) -> None:
    (entry / "a").unlink()


def _shorter(entry: Path) -> None:
    (entry / "a").write_text("he")


def _other_bytes(entry: Path) -> None:
    (entry / "a").write_text("jello")


def _other_link(entry: Path) -> None:
    (entry / "link").unlink()
    (entry / "link").symlink_to("b")


def _cut_manifest(entry: Path) -> None:
    data = (entry / MANIFEST).read_bytes()
    (entry / MANIFEST).write_bytes(data[: len(data) // 2])


def _no_manifest(entry: Path) -> None:
    (entry / MANIFEST).unlink()


def _empty_manifest(entry: Path) -> None:
    (entry / MANIFEST).write_bytes(b"")


@pytest.mark.parametrize(
    "harm", [_missing, _shorter, _other_bytes, _other_link, _cut_manifest, _no_manifest, _empty_manifest]
)
def test_damage_is_found_and_rebuilt(store: Store, harm: Callable[[Path], None]) -> None:
    entry = store.get("thing", {}, put("hello"))
    harm(entry)
    assert [damage.key for damage in store.verify()] == [entry.name]
    assert store.get("thing", {}, put("hello")) == entry
    assert (entry / "a").read_text() == "hello"
    assert store.verify() == []


def test_touched_but_unchanged_is_sound(store: Store) -> None:
    entry = store.get("thing", {}, put("hello"))
    os.utime(entry / "a", ns=(5, 5))
    assert store.get("thing", {}, refuse) == entry


def test_full_verify_sees_what_size_and_time_hide(store: Store) -> None:
    entry = store.get("thing", {}, put("hello"))
    before = (entry / "a").stat()
    (entry / "a").write_text("jello")
    os.utime(entry / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.get("thing", {}, refuse) == entry
    assert [damage.what for damage in store.verify()] == ["a: its bytes have changed"]


def test_need_looks_only_at_those(store: Store) -> None:
    entry = store.get("thing", {}, put("hello"))
    (entry / "deep" / "b c").unlink()
    assert store.get("thing", {}, refuse, need=["a"]) == entry
    store.get("thing", {}, put("hello"), need=["deep/b c"])
    assert (entry / "deep" / "b c").exists()


def test_failed_make_leaves_nothing(store: Store) -> None:
    def make(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise RuntimeError("broke")

    with pytest.raises(RuntimeError):
        store.get("thing", {}, make)
    assert [path.name for path in (store.root / "thing").iterdir() if not path.name.endswith(".lock")] == []


def test_no_space(store: Store) -> None:
    def make(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder / "half"))

    with pytest.raises(HostError, match=r"no space left in .*free 300 MiB.*BOOTMATRIX_CACHE"):
        store.get("thing", {}, make, room=300 << 20)
    assert not list((store.root / "thing").glob(".*.tmp"))
    with pytest.raises(HostError, match=r"no space left .* MiB free"):
        store.get("thing", {}, refuse, room=1 << 60)


def test_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HostError, match=r"cannot be written.*BOOTMATRIX_CACHE"):
        Store(tmp_path / "file").get("thing", {}, refuse)


def test_leftovers_of_the_dead_are_removed(store: Store) -> None:
    entry = store.get("thing", {"x": 1}, put("hello"))
    for key in (entry.name, "0" * 64):
        (entry.parent / f".{key}.tmp").mkdir()
        (entry.parent / f".{key}.tmp" / "part").write_text("x")
    (entry / "a").unlink()
    store.get("thing", {"x": 1}, put("hello"))
    assert not list(entry.parent.glob(".*.tmp"))


def test_a_maker_at_work_keeps_its_folder(store: Store) -> None:
    started, go = threading.Event(), threading.Event()

    def slow(folder: Path) -> None:
        (folder / "a").write_text("slow")
        started.set()
        assert go.wait(10)

    other = threading.Thread(target=store.get, args=("thing", {"x": "slow"}, slow))
    other.start()
    assert started.wait(10)
    store.get("thing", {"x": "quick"}, put("quick"))  # cleans the kind's folder on its way
    go.set()
    other.join(10)
    assert (store.path("thing", {"x": "slow"}) / "a").read_text() == "slow"


def _race(root: str, barrier: Any, made: Any) -> None:
    def make(folder: Path) -> None:
        with made.get_lock():
            made.value += 1
        for number in range(50):
            (folder / str(number)).write_text("x" * number)

    barrier.wait(20)
    entry = Store(Path(root)).get("thing", {"race": 1}, make)
    assert len(list(entry.iterdir())) == 51


def test_two_processes_race_for_one_key(store: Store) -> None:
    context = multiprocessing.get_context("fork")
    barrier, made = context.Barrier(3), context.Value("i", 0)
    racers = [context.Process(target=_race, args=(str(store.root), barrier, made)) for _ in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    assert [racer.exitcode for racer in racers] == [0, 0, 0]
    assert made.value == 1


def test_threads_race_for_one_key(store: Store) -> None:
    made: list[int] = []

    def make(folder: Path) -> None:
        made.append(1)
        (folder / "a").write_text("x")

    threads = [threading.Thread(target=store.get, args=("thing", {}, make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert made == [1]


def test_a_killed_maker_is_no_obstacle(store: Store) -> None:
    def die(folder: Path) -> None:
        (folder / "half").write_text("x")
        os._exit(9)

    context = multiprocessing.get_context("fork")
    victim = context.Process(target=store.get, args=("thing", {}, die))
    victim.start()
    victim.join(20)
    assert victim.exitcode == 9
    assert (store.get("thing", {}, put("hello")) / "a").read_text() == "hello"
    assert not list((store.root / "thing").glob(".*.tmp"))


def test_many_files(store: Store) -> None:
    def make(folder: Path) -> None:
        for number in range(500):
            (folder / f"f{number}").write_bytes(b"x" * number)

    entry = store.get("thing", {}, make)
    assert store.sound(entry)
    store.get("thing", {}, refuse, need=["f7"])


@pytest.mark.parametrize("kind", ["", "../x", "A", ".x", "a/b"])
def test_kinds_cannot_escape(store: Store, kind: str) -> None:
    with pytest.raises(ValueError, match="kind"):
        store.get(kind, {}, refuse)
