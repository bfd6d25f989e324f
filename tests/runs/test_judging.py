"""Networks run on a class while the one before is judged, and what goes wrong in either stops both."""

import threading
import time
import types
from pathlib import Path

import pytest

from partsjax.runs.context import Context
from partsjax.runs.emergence import judging
from partsjax.runs.stages import Cache

WAIT = 10  # seconds in which what should happen does


@pytest.fixture
def judge(monkeypatch):
    """Judges three classes with functions in place of the networks and of the verdicts."""

    def run(networks, verdicts):
        def judged(self, name, pool, advance):
            return {("layer", name): verdicts(name, pool)}

        monkeypatch.setattr(judging, "run_networks", lambda _, name, context, said: networks(name, said))
        monkeypatch.setattr(judging._Judging, "_judge", judged)
        monkeypatch.setattr(judging._Judging, "_is_judged", lambda self, name: False)
        roomy = types.SimpleNamespace(require_room=lambda layer, pair: None)
        monkeypatch.setattr(judging, "EvidenceStage", lambda *of, null: roomy)
        monkeypatch.setattr(judging, "with_run_q_values", lambda judged: judged)
        stages = _Stages()
        asked = types.SimpleNamespace(layers=("layer",), searches=(None,), seed=0, descriptions=None)
        return judging.judged_classes(stages, {}, asked, Context(Cache(Path("nowhere"), print), threads=2))

    return run


class _Stages:
    by_class, network = dict.fromkeys("ABC"), None

    def __len__(self):
        return 3


def test_networks_run_ahead_of_verdicts_by_one_class(judge):
    seen, of_b = [], threading.Event()

    def networks(name, advance):
        seen.append(f"network {name}")
        if name == "B":
            of_b.set()

    def verdicts(name, pool):
        assert of_b.wait(WAIT)  # with A, only if it is beside the networks on B
        time.sleep(0.1)
        seen.append(f"verdicts {name}")
        return name.lower()

    assert list(judge(networks, verdicts).items()) == [(("layer", name), name.lower()) for name in "ABC"]
    assert seen.index("network B") < seen.index("verdicts A") < seen.index("network C")


def test_a_verdict_that_fails_stops_the_networks_at_their_next_batch(judge):
    def networks(name, advance):
        assert name in "AB"
        for _ in range(WAIT * 100) if name == "B" else ():
            time.sleep(0.01)
            advance(1, "batch")

    def verdicts(name, pool):
        raise ArithmeticError(name)

    start = time.monotonic()
    with pytest.raises(ArithmeticError, match="A"):
        judge(networks, verdicts)
    assert time.monotonic() - start < WAIT


def test_networks_that_fail_stop_the_verdicts_before_their_next_task(judge):
    begun, failed = [], threading.Event()

    def networks(name, advance):
        if name == "B":
            while len(begun) < 2:
                time.sleep(0.01)
            failed.set()
            raise KeyboardInterrupt

    def task():
        begun.append(None)
        assert failed.wait(WAIT)
        time.sleep(0.2)

    def verdicts(name, pool):
        for future in [pool.submit(task) for _ in range(10)]:
            future.result()

    with pytest.raises(KeyboardInterrupt):
        judge(networks, verdicts)
    assert len(begun) == 2
