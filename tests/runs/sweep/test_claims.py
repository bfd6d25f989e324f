"""Claims: one worker has a run; a silent one loses it, by the clock of the files."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from partsjax.runs.sweep.claims import Claims


@pytest.fixture
def claims(tmp_path):
    return Claims(tmp_path / "claims", stale_after=60)


def silence(claim, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(claim.path, (then, then))


def test_one_of_many_has_a_run_until_it_lets_go(claims):
    with ThreadPoolExecutor(8) as pool:
        taken = [claim for claim in pool.map(claims.take, ["a"] * 40) if claim]
    assert len(taken) == 1 and taken[0].beat()
    assert claims.take("b") is not None
    taken[0].release()
    assert claims.take("a") is not None


def test_one_of_many_takes_over_from_a_silent_one_which_notices(claims):
    lost = claims.take("a")
    silence(lost, 61)
    with ThreadPoolExecutor(8) as pool:
        taken = [claim for claim in pool.map(claims.take, ["a"] * 40) if claim]
    assert len(taken) == 1
    assert taken[0].beat() and not lost.beat()
    lost.release()  # too late: the run is another's
    assert claims.take("a") is None
    taken[0].release()
    assert not lost.beat()
    assert not any(claims.folder.glob("a.*"))


def test_of_two_that_saw_the_same_one_alone_gets_it(claims, monkeypatch):
    monkeypatch.setattr(Claims, "_latest", lambda self: {})  # as where a file system shows files late
    first = claims.take("a")
    assert first is not None and claims.take("a") is None
    silence(first, 61)
    monkeypatch.setattr(Claims, "_latest", lambda self: {"a": first.path})
    assert claims.take("a") is not None and claims.take("a") is None


def test_a_sign_of_life_keeps_a_run(claims):
    claim = claims.take("a")
    silence(claim, 61)
    assert claims.holders()["a"].lost
    assert claim.beat()
    assert not claims.holders()["a"].lost and claims.take("a") is None


def test_ages_are_by_the_clock_of_the_files_not_by_this_machines(claims, monkeypatch):
    claim = claims.take("a")
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert claims.take("a") is None and claims.holders()["a"].silent < 60
    silence_by_files = os.stat(claim.path).st_mtime - 61
    os.utime(claim.path, (silence_by_files, silence_by_files))
    assert claims.take("a") is not None


def test_who_has_what(claims):
    assert claims.holders() == {}  # and makes no folder
    assert not claims.folder.exists()
    claims.take("a.b")
    holder = claims.holders()["a.b"]
    assert holder.worker.endswith(f":{os.getpid()}") and abs(holder.since - time.time()) < 60


def test_a_claim_that_is_being_written_is_one(claims):
    claims.folder.mkdir()
    (claims.folder / "a.0").touch()
    assert claims.holders()["a"].worker == "?" and claims.take("a") is None
