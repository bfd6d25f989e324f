"""What several processes say to each other; that they do is tested in tests/runs/test_joined.py."""

import jax
import numpy as np
import pytest
from jax.experimental import multihost_utils

from partsjax.errors import InputError
from partsjax.networks import hosts


def test_one_process_asks_itself():
    assert hosts.is_first()
    assert hosts.from_first(lambda: 7) == 7
    hosts.require_same({"has another number": "7"})
    with pytest.raises(InputError, match="mine"):
        hosts.from_first(refuse)


def refuse():
    raise InputError("mine")


@pytest.fixture
def two(monkeypatch):
    """As the first of two processes; bytes pass as through a wire, at most 8 at once."""
    wire = []

    def send(array):
        wire.append(np.asarray(array))
        return np.array(array)

    def receive(array):
        assert array.shape == wire[0].shape and array.dtype == wire[0].dtype
        return wire.pop(0)

    monkeypatch.setattr(jax, "process_count", lambda: 2)
    monkeypatch.setattr(hosts, "_PIECE", 8)
    monkeypatch.setattr(multihost_utils, "broadcast_one_to_all", send)

    def second():
        monkeypatch.setattr(jax, "process_index", lambda: 1)
        monkeypatch.setattr(multihost_utils, "broadcast_one_to_all", receive)

    yield second
    assert not wire


def test_the_others_get_what_the_first_got_to_the_bit(two):
    given = {"x": np.array([-0.0, np.nan, 1e-45], np.float32), "rows": [(1, "loss")]}
    assert hosts.from_first(lambda: given) is not given
    two()
    found = hosts.from_first(refuse)  # it is not called
    assert found["x"].tobytes() == given["x"].tobytes() and found["rows"] == given["rows"]


def test_all_raise_what_the_first_raised(two):
    for _ in range(2):
        with pytest.raises(InputError, match="mine"):
            hosts.from_first(refuse)
        two()


def test_what_differs_is_named_with_the_process(monkeypatch):
    monkeypatch.setattr(jax, "process_count", lambda: 3)

    def gathered(mine):
        other = mine.copy()
        other[-1] += 1
        return np.stack([mine, mine, other])

    monkeypatch.setattr(multihost_utils, "process_allgather", gathered)
    with pytest.raises(InputError, match="process 2 sees other images than process 0: give all the same"):
        hosts.require_same({"has other options": "a", "sees other images": "b"})
