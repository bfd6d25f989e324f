"""Verdicts of a network and of its nulls: a class is judged in all layers while networks run on the next."""

import concurrent.futures
import contextlib
import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from partsjax.emergence.adjusting import with_run_q_values
from partsjax.emergence.descriptions import described_pairs
from partsjax.emergence.evidence import Evidence
from partsjax.emergence.ground import Ground
from partsjax.emergence.judged import Judged
from partsjax.emergence.nulls import Null, beside
from partsjax.progress import Advance
from partsjax.runs.context import Context
from partsjax.runs.emergence.asked import EmergenceRequest
from partsjax.runs.emergence.null_runs import NullRun
from partsjax.runs.evidence_stage import EvidenceStage
from partsjax.runs.filter_test_stage import FilterTestStage
from partsjax.runs.network_stages import NetworkStages, run_networks
from partsjax.runs.stimulus_stage import StimulusStage


def judged_classes(
    trained: NetworkStages,
    nulls: Mapping[NullRun, NetworkStages],
    asked: EmergenceRequest,
    context: Context,
) -> dict[tuple[str, str], Judged]:
    """By (layer, class), in order: what is found, with the nulls beside it and q-values over all of it.

    nulls: with the stages that run their networks, those of `trained` where the null is in the truth.
    """
    return _Judging(trained, nulls, asked, context).run()


class _Judging:
    """Stages by run: of the network (None), and of every seed of every null."""

    def __init__(
        self,
        trained: NetworkStages,
        nulls: Mapping[NullRun, NetworkStages],
        asked: EmergenceRequest,
        context: Context,
    ):
        self._asked, self._context = asked, context
        self._stimuli: dict[NullRun | None, NetworkStages] = {None: trained, **nulls}
        self._evidence = {
            run: EvidenceStage(
                context.cache / ("evidence" if run is None else f"evidence-{run.name}"),
                of.network,
                asked.searches if run is None else asked.searches[:1],
                asked.seed,
                context.memory,
                null=run is not None,
            )
            for run, of in self._stimuli.items()
        }
        pairs = {}
        if asked.descriptions:
            parts = {name: pair[0].crops.parts for name, pair in trained.by_class.items()}
            pairs = described_pairs(asked.descriptions, parts)
        self._tests = FilterTestStage(context.cache / "filter_tests", pairs, self._evidence[None])

    def run(self) -> dict[tuple[str, str], Judged]:
        classes, layers = list(self._stimuli[None].by_class), self._asked.layers
        networks = list(dict.fromkeys(self._stimuli.values()))
        for object_class, layer in itertools.product(classes, layers):
            self._evidence[None].require_room(layer, self._stimuli[None].by_class[object_class])
        units = {
            "crops": sum(map(len, networks)),
            "verdicts": len(classes) * len(layers) * len(self._stimuli),
        }
        judged: dict[tuple[str, str], Judged] = {}
        with (
            self._context.progress(units) as advance,
            _threads(1) as behind,
            _threads(min(2, self._context.threads)) as pool,  # a layer keeps little more than a core busy
        ):
            last: concurrent.futures.Future | None = None

            def crops(count: int, what: str) -> None:
                if last is not None and last.done():
                    last.result()  # what went wrong there is raised here
                advance("crops", count, what)

            for object_class in classes:
                if self._is_judged(object_class):
                    stages = [stage for of in networks for stage in of.by_class[object_class]]
                    crops(sum(len(stage.crops) for stage in stages), f"{object_class}: judged before")
                else:
                    with self._context.clock("network"):
                        run_networks(networks, object_class, self._context, crops)
                if last is not None:
                    judged |= last.result()  # no more than one class ahead
                last = behind.submit(self._judge, object_class, pool, advance)
            if last is not None:
                judged |= last.result()
        return with_run_q_values({(layer, of): judged[layer, of] for layer in layers for of in classes})

    def _pairs(self, object_class: str) -> dict[NullRun | None, Sequence[StimulusStage]]:
        return {run: of.by_class[object_class] for run, of in self._stimuli.items()}

    def _grounds(self, object_class: str) -> dict[NullRun | None, Ground]:
        readable = [stage.readable_crops() for stage in self._stimuli[None].by_class[object_class]]
        asked = self._asked
        ground = Ground(*readable, asked.method, asked.seed, asked.priors, asked.sanity)
        runs = self._stimuli
        return {run: ground if run is None else run.null.truth_of(ground, run.seed) for run in runs}

    def _kept(self, object_class: str, grounds: Mapping[NullRun | None, Ground]) -> dict:
        """By (layer, run), what is kept of the evidence on a class, or None."""
        pairs = self._pairs(object_class)
        return {
            (layer, run): self._evidence[run].found(layer, pair, grounds[run])
            for layer, (run, pair) in itertools.product(self._asked.layers, pairs.items())
        }

    def _is_judged(self, object_class: str) -> bool:
        """Whether the stimuli of a class were released, and all evidence on it is kept."""
        if not all(stage.released() for pair in self._pairs(object_class).values() for stage in pair):
            return False
        grounds, pair = self._grounds(object_class), self._stimuli[None].by_class[object_class]
        tested = [self._tests.found(layer, pair, grounds[None]) for layer in self._asked.layers]
        if None not in tested and all(self._kept(object_class, grounds).values()):
            return True
        self._context.say(f"note: {object_class}: its stimuli were not kept, so the network runs again")
        return False

    def _judge(
        self, object_class: str, pool: concurrent.futures.Executor, advance: Advance
    ) -> dict[tuple[str, str], Judged]:
        """All layers of a class, as many at once as the pool has threads and memory has room for."""
        clock, said = self._context.clock, f"{object_class}: verdicts"
        pairs, grounds = self._pairs(object_class), self._grounds(object_class)

        def judge(task: tuple[str, NullRun | None]) -> Judged:
            layer, run = task
            judged = self._evidence[run].judge(layer, pairs[run], grounds[run])
            advance("verdicts", 1, said)
            return judged

        tasks = list(itertools.product(self._asked.layers, pairs))
        with clock("verdicts"):
            kept = self._kept(object_class, grounds)
        found = {task: judged for task, judged in kept.items() if judged is not None}
        missing = [task for task in tasks if task not in found]
        advance("verdicts", len(found), said)
        with clock("place priors"):
            waiting = [
                pool.submit(grounds[run].judged, prior, part)
                for run in dict.fromkeys(run for _, run in missing)
                for prior in grounds[run].priors[: None if run is None else 1]
                for part in np.flatnonzero(grounds[run].train.truth.positives).tolist()
            ]
            for future in waiting:
                future.result()
        with clock("verdicts"):
            found |= zip(missing, pool.map(judge, missing), strict=True)
            for layer in self._asked.layers:
                tests = self._tests.test(layer, pairs[None], grounds[None])
                found[layer, None] = dataclasses.replace(found[layer, None], tests=tests)
        if self._context.keep != "all":
            stages = dict.fromkeys(stage for pair in pairs.values() for stage in pair)
            for stage in stages:  # first all: wherever it stops, the network need not run again
                stage.release()
            for stage in stages:
                stage.drop()
        return {
            (layer, object_class): _with_nulls({run: found[layer, run] for run in pairs})
            for layer in self._asked.layers
        }


@contextlib.contextmanager
def _threads(count: int) -> Iterator[concurrent.futures.Executor]:
    """Threads for some work; where it stops early, what waits for them is dropped."""
    pool = concurrent.futures.ThreadPoolExecutor(count)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _with_nulls(found: Mapping[NullRun | None, Judged]) -> Judged:
    """What is found of the network, with every null's verdicts beside its own."""
    nulls: dict[Null, list[Evidence]] = {}
    for run, judged in found.items():
        if run is not None:
            nulls.setdefault(run.null, []).append(judged.evidence)
    real = found[None]
    return dataclasses.replace(real, evidence=beside(real.evidence, nulls))
