"""The stage cache: keys and entries."""

import functools
import io
from collections.abc import Callable

import numpy as np
import pytest

from partsjax.runs import stages


def test_a_key_changes_with_what_it_is_given():
    base = stages.key(layer="conv1", method={"stimuli": 8})
    assert base == stages.key(method={"stimuli": 8}, layer="conv1")
    others = [
        stages.key(layer="conv2", method={"stimuli": 8}),
        stages.key(layer="conv1", method={"stimuli": 9}),
        stages.key("partsjax.ops.boxes", layer="conv1", method={"stimuli": 8}),
    ]
    assert len({base, *others}) == 4


def test_an_entry_comes_back_as_it_was_and_replaces_older_ones(tmp_path):
    arrays = {"a": np.arange(6).reshape(2, 3), "b": np.array(["x"])}
    cache = stages.Cache(tmp_path, print)
    old, new = (cache.entry("conv5", stages.key(n=n)) for n in (1, 2))
    for entry in (old, new):
        entry.save(arrays)
    assert not old.exists() and new.exists()
    found = new.found()
    assert found.keys() == arrays.keys()
    np.testing.assert_array_equal(found["a"], arrays["a"])
    assert new.load("b")[0].tolist() == ["x"]


@pytest.mark.parametrize(
    "other", ["conv1", "block1-relu", "block1-" + "0" * 20, "block", "[b]lock1", "block?", "*", "Block1"]
)
def test_an_entry_replaces_none_of_another_name(tmp_path, other):
    cache = stages.Cache(tmp_path, print)
    kept = cache.entry(other, stages.key(n=1))
    kept.save({"a": np.arange(3)})
    cache.entry("block1", stages.key(n=2)).save({"a": np.arange(3)})
    assert kept.exists()
    kept.save({"a": np.arange(3)})
    assert cache.entry("block1", stages.key(n=2)).exists()


def flipped(content: bytes, place: float) -> bytes:
    at = min(int(place * len(content)), len(content) - 1)
    return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


def repacked(**changed) -> Callable[[bytes], bytes]:
    """A sound .npz with other arrays, or without some (None)."""

    def change(content: bytes) -> bytes:
        arrays = dict(np.load(io.BytesIO(content))) | changed
        file = io.BytesIO()
        np.savez(file, **{name: array for name, array in arrays.items() if array is not None})
        return file.getvalue()

    return change


DAMAGE = {
    **{
        f"a byte flipped at {p:.0%}": functools.partial(flipped, place=p) for p in np.linspace(0.05, 0.95, 10)
    },
    "cut off": lambda content: content[: len(content) // 2],
    "without its end": lambda content: content[:-30],
    "empty": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "text": lambda content: b"404 Not Found",
    "an array gone": repacked(a=None),
    "another shape": repacked(a=np.arange(1000).reshape(10, 100)),
    "another number": repacked(a=np.arange(1, 1001)),
    "no seal": repacked(seal=None),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_counts_as_missing_and_is_told(tmp_path, damage):
    told = []
    entry = stages.Cache(tmp_path, told.append).entry("x", stages.key(n=1))
    entry.save({"a": np.arange(1000), "b": np.array(["x"])})
    entry.path.write_bytes(DAMAGE[damage](entry.path.read_bytes()))
    assert entry.found() is None
    assert not entry.path.exists() and not entry.exists()
    assert len(told) == 1 and str(entry.path) in told[0] and "computed again" in told[0]
    assert "\n" not in told[0]


def test_the_file_of_another_result_is_not_taken_for_it(tmp_path):
    old, new = (stages.Cache(tmp_path, print).entry("x", stages.key(n=n)) for n in (1, 2))
    old.save({"a": np.arange(3)})
    old.path.rename(new.path)
    assert not new.exists()
