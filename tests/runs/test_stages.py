"""The stage cache: keys and entries."""

import numpy as np

from partsjax.runs import stages


def test_a_key_changes_with_everything_it_depends_on(monkeypatch):
    base = stages.key(layer="conv1", method={"stimuli": 8})
    assert base == stages.key(method={"stimuli": 8}, layer="conv1")
    others = [
        stages.key(layer="conv2", method={"stimuli": 8}),
        stages.key(layer="conv1", method={"stimuli": 9}),
    ]
    with_more_code = stages.key(("reporting",), layer="conv1", method={"stimuli": 8})
    assert with_more_code == stages.key(("reporting",), method={"stimuli": 8}, layer="conv1")
    monkeypatch.setattr(stages, "code_version", lambda *more: "edited")
    others.append(stages.key(layer="conv1", method={"stimuli": 8}))
    assert len({base, with_more_code, *others}) == 5


def test_an_entry_comes_back_as_it_was_and_replaces_older_ones(tmp_path):
    arrays = {"a": np.arange(6).reshape(2, 3), "b": np.array(["x"])}
    old, new = (stages.Entry(tmp_path, "conv5", stages.key(n=n)) for n in (1, 2))
    other_name = stages.Entry(tmp_path, "conv1", stages.key(n=1))
    for entry in (old, other_name, new):
        entry.save(arrays)
    assert not old.exists() and other_name.exists() and new.exists()
    loaded = new.load()
    assert loaded.keys() == arrays.keys()
    np.testing.assert_array_equal(loaded["a"], arrays["a"])
    assert list(new.load("b")) == ["b"]


def test_a_cut_off_file_counts_as_missing(tmp_path):
    entry = stages.Entry(tmp_path, "x", stages.key(n=1))
    entry.save({"a": np.arange(1000)})
    entry.path.write_bytes(entry.path.read_bytes()[:500])
    assert not entry.exists()
    assert not entry.path.exists()
