"""The main job: which parts have detectors among the filters of some layers, and is it more than chance?"""

import collections
import concurrent.futures
import dataclasses
from collections.abc import Mapping

from partsjax.data.schema import Dataset
from partsjax.emergence.ground import Ground
from partsjax.emergence.verdict import LayerSummary, Verdict, best_unregressed, summarize
from partsjax.errors import InputError
from partsjax.networks import load_network, untrained_network
from partsjax.networks.protocol import Network
from partsjax.reporting.terminal import Terminal
from partsjax.runs import manifest, photographs, resamples, results, stages, workdir
from partsjax.runs.clock import Clock
from partsjax.runs.deciding import deciding
from partsjax.runs.evidence_stage import EvidenceStage, Judged
from partsjax.runs.execution import Execution, context_of
from partsjax.runs.inputs import dataset_of
from partsjax.runs.network_stages import NetworkStages, all_crops, images_of
from partsjax.runs.options import NULLS, Options, chosen_layers
from partsjax.runs.report import build_emergence_report


def measure(options: Options, execution: Execution, terminal: Terminal, *, report: bool = True) -> None:
    """Runs the job in its folder; finished stages are taken from there.

    Writes the files of `results.OUTPUTS`, `report/` if asked for and, last, `manifest.json`.

    Raises:
      InputError: something the user can fix, in one line; what was finished is kept.
    """
    clock = Clock()
    with workdir.locked_folder(execution.workdir) as folder, terminal.noting():
        with clock("annotations"):
            dataset = dataset_of(options, context_of(terminal, execution))
        with clock("weights"):
            seed = options.network_seed
            network = load_network(
                options.net, options.weights, seed=seed, dtype=options.dtype, **options.file.asdict()
            )
            terminal.note(*network.notes)
            layers = chosen_layers(network, options.layers)
            untrained = None
            if "random" in options.nulls:
                try:
                    untrained = untrained_network(network, seed)
                except InputError as why:
                    terminal.note(f"no comparison with random weights: {why}")
        with workdir.plain_errors(folder):
            workdir.claim(folder, deciding(options))
            with clock("fingerprints"):
                crops = all_crops(dataset, network.input_size, options)
                looks = photographs.looked_at(images_of(crops), context_of(terminal, execution))
                photographs.note_oddities(
                    looks,
                    context_of(terminal, execution).notes,
                    allow_duplicates=options.reader.allow_duplicates,
                )
                digests = photographs.digests(looks)
                shared = options.method, execution, crops, digests
                cache = stages.Cache(folder / "cache", terminal.say)
                trained = NetworkStages(cache / "stimuli", network, layers, *shared)
                control = untrained and NetworkStages(cache / "stimuli-random", untrained, layers, *shared)
            job = _Job(folder, cache, trained, control, layers, options, execution, terminal)
            job.run(dataset, digests, clock, report)


class _Job:
    """One run's surroundings, and its stages."""

    def __init__(self, folder, cache, trained, untrained, layers, options, execution, terminal):
        self.folder, self.layers = folder, layers
        self.trained: NetworkStages = trained
        self.untrained: NetworkStages | None = untrained
        self.options, self.execution, self.terminal = options, execution, terminal

        def judging(name: str, network: Network, searches) -> EvidenceStage:
            return EvidenceStage(cache / name, network, options.method, searches, options.seed)

        first = (options.search,)
        self._judging = {"": judging("evidence", trained.network, options.searches)}
        if untrained is not None:
            self._judging["random"] = judging("evidence-random", untrained.network, first)
        if "shuffled" in options.nulls:
            self._judging["shuffled"] = judging("evidence-shuffled", trained.network, first)
        self._nulls = tuple(null for null in options.nulls if null in self._judging)  # those that run

    def run(self, dataset: Dataset, digests: Mapping[str, str], clock: Clock, report: bool) -> None:
        judged: dict[tuple[str, str], Judged] = {}
        skipped: set[str] = set()
        units = {
            "crops": len(self.trained) + (len(self.untrained) if self.untrained else 0),
            "verdicts": len(dataset.parts) * len(self.layers) * len(self._judging),
        }
        with self.terminal.progress(units) as advance:

            def ran(count: int, what: str) -> None:
                advance("crops", count, what)

            for object_class, pair in self.trained.by_class.items():
                with clock("network"):
                    self.trained.compute(object_class, ran)
                    skipped.update(problem for stage in pair for problem in stage.readable()[1])
                if self.untrained:
                    with clock("random network"):
                        self.untrained.compute(object_class, ran)
                with clock("verdicts"):
                    judged |= self._judge(object_class, advance)
        judged = {(layer, c): judged[layer, c] for layer in self.layers for c in dataset.parts}
        self._note_silent_layers(judged)
        summaries = self._summaries(judged)
        # A manifest vouches for the files beside it: none while they change.
        (self.folder / "manifest.json").unlink(missing_ok=True)
        with clock("tables"):
            unseen = self._unseen(digests)
            results.write_tables(self.folder, self.options, list(dataset.parts), judged, summaries, unseen)
        if report:
            with clock("report"):
                crops = {name: pair[1] for name, pair in self.trained.by_class.items()}
                threads = self.execution.threads
                ran = dataclasses.replace(self.options, nulls=self._nulls)
                build_emergence_report(self.folder, ran, judged, summaries, crops, threads, self.terminal)
        self._write_manifest(clock, sorted(skipped))
        verdicts = [v for found in judged.values() for v in found.evidence.verdicts]
        self.terminal.verdicts(verdicts, summaries)
        for problem in sorted(skipped):
            self.terminal.say(f"skipped: {problem}")
        self.terminal.done(self.folder, clock.seconds)

    def _judge(self, object_class: str, advance) -> dict[tuple[str, str], Judged]:
        """Every layer's evidence beside its nulls, two at a time: one keeps little more than a core busy."""
        pairs = {name: self.trained.by_class[object_class] for name in self._judging}
        if self.untrained:
            pairs["random"] = self.untrained.by_class[object_class]
        truths = [stage.truth() for stage in pairs[""]]
        images = [stage.crops.image_index[stage.readable()[0]] for stage in pairs[""]]
        ground = Ground(*truths, *images, self.options.method, self.options.seed)
        grounds = {"": ground, "random": ground, "shuffled": ground.shuffled()}

        def judge(task: tuple[str, str]) -> Judged:
            layer, null = task
            found = self._judging[null].judge(layer, pairs[null], grounds[null])
            advance("verdicts", 1, f"{object_class}: verdicts")
            return found

        tasks = [(layer, null) for layer in self.layers for null in self._judging]
        advance("verdicts", 0, f"{object_class}: verdicts")
        with concurrent.futures.ThreadPoolExecutor(max_workers=min(2, self.execution.threads)) as pool:
            found = dict(zip(tasks, pool.map(judge, tasks), strict=True))
        return {
            (layer, object_class): _beside_nulls(
                found[layer, ""], *(found.get((layer, null)) for null in NULLS)
            )
            for layer in self.layers
        }

    def _unseen(self, digests: Mapping[str, str]) -> resamples.Images:
        """The images verdicts were judged on; digests: of all images, by id."""
        val = {name: pair[1] for name, pair in self.trained.by_class.items()}
        by_class = {name: resamples.unseen_digest(stage, digests) for name, stage in val.items()}
        return resamples.Images(self.options.seed, by_class)

    def _summaries(self, judged: dict[tuple[str, str], Judged]) -> dict[str, LayerSummary]:
        verdicts, unregressed = collections.defaultdict(list), collections.defaultdict(list)
        for (layer, _), found in judged.items():
            verdicts[layer] += found.evidence.verdicts
            scores = found.scores
            unregressed[layer] += best_unregressed(scores.ap_train_unregressed, scores.ap_val_unregressed)
        return {layer: summarize(verdicts[layer], unregressed[layer]) for layer in self.layers}

    def _note_silent_layers(self, judged: dict[tuple[str, str], Judged]) -> None:
        for layer in self.layers:
            found = [of_class for (name, _), of_class in judged.items() if name == layer]
            fires = any((f.top_activations.scores > 0).any() or (f.scores.num_pairs > 0).any() for f in found)
            if not fires and len(self.trained):
                self.terminal.note(
                    f"layer {layer} of {self.trained.network.name} never fires: no filter has an activation "
                    "over 0 on any crop; check its weights, and that it is taken after a ReLU"
                )

    def _write_manifest(self, clock: Clock, skipped: list[str]) -> None:
        pairs = self.trained.by_class.values()
        keys = [stage.keys[self.layers[0]] for pair in pairs for stage in pair]
        manifest.write_manifest(
            self.folder,
            __name__,
            self.options,
            self.options.dtype,
            clock,
            self.terminal.noted,
            skipped,
            results.OUTPUTS,
            layers=self.layers,
            nulls_ran=self._nulls,
            batch_size=self.trained.batch_size,
            network_digest=self.trained.network.digest,
            input_fingerprint=stages.key(stimuli=keys),
        )


def _beside_nulls(real: Judged, random: Judged | None, shuffled: Judged | None) -> Judged:
    """The same evidence with each verdict beside those the nulls came to."""

    def verdict_of(null: Judged | None, part: int) -> Verdict | None:
        return null and null.evidence.verdicts[part]

    verdicts = tuple(
        verdict.with_nulls(verdict_of(random, part), verdict_of(shuffled, part))
        for part, verdict in enumerate(real.evidence.verdicts)
    )
    return dataclasses.replace(real, evidence=dataclasses.replace(real.evidence, verdicts=verdicts))
