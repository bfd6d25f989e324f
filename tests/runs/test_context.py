"""Surroundings: notes once each, steps in runs, progress that waits until there is work, caches that go."""

import contextlib

import pytest

from partsjax.errors import InputError
from partsjax.runs.context import Context, Notes, library_context
from partsjax.runs.stages import Cache


def followed(into: list):
    """Progress that writes down what it hears."""

    @contextlib.contextmanager
    def progress(totals):
        into.append(("begin", dict(totals)))
        yield lambda *arguments: into.append(arguments)
        into.append("end")

    return progress


def surroundings(tmp_path, **more) -> Context:
    return Context(Cache(tmp_path, print), **more)


def test_a_note_is_heard_once_and_kept_in_order():
    heard = []
    notes = Notes(heard.append)
    notes.add("b", "a", "b")
    notes.add("a")
    assert list(notes) == heard == ["b", "a"]


def test_a_steps_notes_are_the_runs_too_and_heard_once(tmp_path):
    heard = []
    run = surroundings(tmp_path, notes=Notes(heard.append))
    run.notes.add("first")
    step = run.step()
    step.notes.add("of the step", "first")
    other = run.step()
    other.notes.add("of the step")
    assert list(step.notes) == ["of the step", "first"]
    assert list(other.notes) == ["of the step"]
    assert list(run.notes) == heard == ["first", "of the step"]


def test_a_step_has_a_clock_of_its_own_and_says_under_what_heading(tmp_path):
    seen = []
    run = surroundings(tmp_path, progress=followed(seen))
    step = run.step("conv5")
    with step.clock("network"), step.progress({"crops": 2}) as advance:
        advance("crops", 1, "horse")
    assert seen == [("begin", {"crops": 2}), ("crops", 1, "conv5 · horse"), "end"]
    assert list(step.clock.seconds) == ["network"] and not run.clock.seconds


def test_preparation_shows_nothing_until_there_is_something_to_do(tmp_path):
    seen = []
    run = surroundings(tmp_path, progress=followed(seen))
    with run.preparation():
        pass
    assert seen == []
    with run.preparation() as update:
        update(1, 3, "photographs")
        update(3, 3, "photographs")
        update(1, 2, "masks")
    assert seen == [
        ("begin", {"images": 3}),
        ("images", 1, "photographs"),
        ("images", 2, "photographs"),
        "end",
        ("begin", {"images": 2}),
        ("images", 1, "masks"),
        "end",
    ]


def test_without_a_folder_the_cache_goes_with_the_call():
    with library_context() as context:
        entry = context.cache.entry("x", "0" * 64)
        entry.save({})
        assert entry.exists()
    assert not context.cache.folder.exists()


def test_a_named_cache_stays_and_is_used_by_one_at_a_time(tmp_path):
    with library_context(tmp_path / "C") as context:
        context.cache.entry("x", "0" * 64).save({})
        with (
            pytest.raises(InputError, match="another run is using this folder"),
            library_context(tmp_path / "C"),
        ):
            pass
    with library_context(tmp_path / "C") as context:
        assert context.cache.entry("x", "0" * 64).exists()
