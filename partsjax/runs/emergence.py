"""The main job: which parts have detectors among the filters of some layers, and is it more than chance?"""

import collections
import concurrent.futures
import dataclasses
from collections.abc import Mapping

from partsjax.data.schema import Dataset
from partsjax.emergence.ground import Ground
from partsjax.emergence.nulls import Null, beside, chosen_nulls
from partsjax.emergence.verdict import LayerSummary, best_unregressed, summarize
from partsjax.errors import InputError
from partsjax.networks import load_network
from partsjax.networks.protocol import Network
from partsjax.reporting.terminal import Terminal
from partsjax.runs import manifest, photographs, resamples, results, stages, workdir
from partsjax.runs.clock import Clock
from partsjax.runs.deciding import deciding
from partsjax.runs.evidence_stage import EvidenceStage, Judged
from partsjax.runs.execution import Execution, context_of
from partsjax.runs.inputs import dataset_of
from partsjax.runs.network_stages import NetworkStages, all_crops, images_of
from partsjax.runs.options import Options, chosen_layers
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
            nulls = {}  # with the network that each measures
            for null in chosen_nulls(options.nulls):
                try:
                    nulls[null] = null.network_of(network, seed)
                except InputError as why:
                    terminal.note(f"no comparison with {null.label}: {why}")
        with workdir.plain_errors(folder):
            workdir.claim(folder, deciding(options))
            with clock("fingerprints"):
                crops = all_crops(dataset, network.input_size, options)
                looks = photographs.looked_at(images_of(crops), context_of(terminal, execution))
                photographs.note_oddities(
                    looks,
                    context_of(terminal, execution).notes,
                    allow_duplicates=execution.allow_duplicates,
                )
                digests = photographs.digests(looks)
                shared = options.method, execution, crops, digests
                cache = stages.Cache(folder / "cache", terminal.say)
                trained = NetworkStages(cache / "stimuli", network, layers, *shared)
                measured = {
                    null: trained
                    if other is network
                    else NetworkStages(cache / f"stimuli-{null.name}", other, layers, *shared)
                    for null, other in nulls.items()
                }
            job = _Job(folder, cache, trained, measured, layers, options, execution, terminal)
            job.run(dataset, digests, clock, report)


class _Job:
    """One run's surroundings, and its stages; nulls: with the stages of the network that each measures."""

    def __init__(self, folder, cache, trained, nulls, layers, options, execution, terminal):
        self.folder, self.layers = folder, layers
        self.trained: NetworkStages = trained
        self.nulls: dict[Null, NetworkStages] = nulls
        self.options, self.execution, self.terminal = options, execution, terminal

        def judging(name: str, network: Network, searches) -> EvidenceStage:
            return EvidenceStage(cache / name, network, options.method, searches, options.seed)

        first = (options.search,)
        self._judging: dict[Null | None, EvidenceStage] = {
            None: judging("evidence", trained.network, options.searches)
        }
        for null, stages_of in nulls.items():
            self._judging[null] = judging(f"evidence-{null.name}", stages_of.network, first)

    def run(self, dataset: Dataset, digests: Mapping[str, str], clock: Clock, report: bool) -> None:
        judged: dict[tuple[str, str], Judged] = {}
        skipped: set[str] = set()
        units = {
            "crops": sum(len(stages_of) for stages_of in {self.trained, *self.nulls.values()}),
            "verdicts": len(dataset.parts) * len(self.layers) * len(self._judging),
        }
        with self.terminal.progress(units) as advance:

            def ran(count: int, what: str) -> None:
                advance("crops", count, what)

            for object_class, pair in self.trained.by_class.items():
                with clock("network"):
                    self.trained.compute(object_class, ran)
                    skipped.update(problem for stage in pair for problem in stage.readable()[1])
                for null, stages_of in self.nulls.items():
                    if stages_of is not self.trained:
                        with clock(f"{null.name} network"):
                            stages_of.compute(object_class, ran)
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
                build_emergence_report(
                    self.folder, self.options, judged, summaries, crops, threads, self.terminal
                )
        self._write_manifest(clock, sorted(skipped))
        verdicts = [v for found in judged.values() for v in found.evidence.verdicts]
        self.terminal.verdicts(verdicts, summaries)
        for problem in sorted(skipped):
            self.terminal.say(f"skipped: {problem}")
        self.terminal.done(self.folder, clock.seconds)

    def _judge(self, object_class: str, advance) -> dict[tuple[str, str], Judged]:
        """Every layer's evidence beside its nulls, two at a time: one keeps little more than a core busy."""
        pairs = {null: stages_of.by_class[object_class] for null, stages_of in self.nulls.items()}
        pairs[None] = self.trained.by_class[object_class]
        truths = [stage.truth() for stage in pairs[None]]
        images = [stage.crops.image_index[stage.readable()[0]] for stage in pairs[None]]
        ground = Ground(*truths, *images, self.options.method, self.options.seed)
        grounds = {null: ground if null is None else null.truth_of(ground) for null in self._judging}

        def judge(task: tuple[str, Null | None]) -> Judged:
            layer, null = task
            found = self._judging[null].judge(layer, pairs[null], grounds[null])
            advance("verdicts", 1, f"{object_class}: verdicts")
            return found

        tasks = [(layer, null) for layer in self.layers for null in self._judging]
        advance("verdicts", 0, f"{object_class}: verdicts")
        with concurrent.futures.ThreadPoolExecutor(max_workers=min(2, self.execution.threads)) as pool:
            found = dict(zip(tasks, pool.map(judge, tasks), strict=True))
        judged = {}
        for layer in self.layers:
            real, nulls = found[layer, None], {null: found[layer, null].evidence for null in self.nulls}
            judged[layer, object_class] = dataclasses.replace(real, evidence=beside(real.evidence, nulls))
        return judged

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
            nulls_ran=[null.name for null in self.nulls],
            batch_size=self.trained.batch_size,
            network_digest=self.trained.network.digest,
            input_fingerprint=stages.key(stimuli=keys),
        )
