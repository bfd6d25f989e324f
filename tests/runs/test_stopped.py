"""A run that a signal stops keeps what was finished, and goes on to the same results."""

import os
import signal

import pytest

from partsjax.cli import process
from partsjax.emergence.nulls import NULLS
from partsjax.networks.weights.checkpoints import read_checkpoint
from partsjax.runs import stages
from partsjax.runs.supervision import checkpoints
from tests.runs import training
from tests.runs.running import run


@pytest.fixture
def stop_at(monkeypatch):
    """Sends SIGTERM when `method` of `owner` has done its work for the n-th time; returns its arguments."""
    monkeypatch.setattr(process, "GRACE", 3600)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def prepare(owner, method: str, count: int) -> list:
        work, seen = getattr(owner, method), []

        def stopping(self, *arguments):
            done = work(self, *arguments)
            seen.append((self, *arguments))
            if len(seen) == count:
                os.kill(os.getpid(), signal.SIGTERM)
            return done

        monkeypatch.setattr(owner, method, stopping)
        return seen

    yield prepare
    signal.signal(signal.SIGTERM, before)


@pytest.mark.slow
def test_emergence(folder, finished, tmp_path, stop_at):
    """Stopped while two threads judge: their work is finished and kept."""
    saved = stop_at(stages.Entry, "save", 7)
    with process.stoppable(), pytest.raises(process.Stopped):
        run(folder, tmp_path, nulls=tuple(NULLS))
    kept = [entry.path for entry, *_ in saved]
    assert len(kept) >= 7 and all(path.exists() for path in kept)
    assert not (tmp_path / "manifest.json").exists() and not list(tmp_path.rglob(".unfinished-*"))
    run(folder, tmp_path, nulls=tuple(NULLS))
    assert len(saved) > len(kept) and not set(kept) & {entry.path for entry, *_ in saved[len(kept) :]}
    for name in ("parts.csv", "filters.parquet", "combinations.csv"):
        assert (tmp_path / name).read_bytes() == (finished[0] / name).read_bytes()


@pytest.mark.slow
def test_training(tmp_path, stop_at):
    """Stopped once the second checkpoint is written: it is whole, and another run goes on from there."""
    saved = stop_at(checkpoints.Checkpoints, "save", 2)
    with process.stoppable(), pytest.raises(process.Stopped):
        training.train(tmp_path, steps=4, evaluate_every=2)
    assert [step for _, step, *_ in saved] == [0, 2] and not (tmp_path / "manifest.json").exists()
    assert read_checkpoint(tmp_path).about.step == 2
    training.train(tmp_path, steps=4, evaluate_every=2)
    assert [step for _, step, *_ in saved] == [0, 2, 4]
