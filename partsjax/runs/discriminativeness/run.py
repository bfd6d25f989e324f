"""Which filters and parts class scores rest on, and whether they are those that emerge: the run."""

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path

import jax
import numpy as np

from partsjax.data.crops import Crops, fingerprints
from partsjax.discriminativeness.filters import DEVIATIONS, Cutoff
from partsjax.discriminativeness.findings import (
    ClassDrops,
    ClassFindings,
    DetectedParts,
    LayerFindings,
    class_findings,
    layer_findings,
)
from partsjax.emergence.stimuli import suitable_batch
from partsjax.errors import InputError
from partsjax.networks import load_network
from partsjax.reporting.aside import Aside
from partsjax.reporting.discriminative import files
from partsjax.reporting.discriminative.table import discriminative_table
from partsjax.reporting.terminal import Terminal
from partsjax.runs import emergence, manifest, photographs, skeleton, stages, workdir
from partsjax.runs.clock import Clock
from partsjax.runs.deciding import deciding
from partsjax.runs.discriminativeness.class_scores import chosen_layer, require_classes, require_named_scores
from partsjax.runs.discriminativeness.drop_stage import DropStage
from partsjax.runs.discriminativeness.drop_steps import Steps
from partsjax.runs.discriminativeness.measured import Measured, read_measured
from partsjax.runs.discriminativeness.report import build_discriminativeness_report
from partsjax.runs.execution import Execution, context_of
from partsjax.runs.inputs import dataset_of
from partsjax.runs.network_stages import all_crops, images_of
from partsjax.runs.options import Options
from partsjax.runs.unseen import unseen_digest

OUTPUTS = ("filters.csv", "parts.csv", "summary.json")


@dataclasses.dataclass(frozen=True)
class Question:
    """What decides the results.

    job: network, data and the method of emergence; its `layers` are left empty. layer: "" for the last
      convolution. emergence: folder of a finished run of it; "": measured in the run's own folder.
    deviations: standard deviations over the mean from which a filter is discriminative; after_softmax: by
      the drop of the probability. blackouts: at most so many crops a part; None: all.
    """

    job: Options
    layer: str = ""
    emergence: str = ""
    deviations: float = DEVIATIONS
    after_softmax: bool = False
    blackouts: int | None = None


def measure(question: Question, execution: Execution, terminal: Terminal) -> None:
    """Runs the job in its folder; finished stages are taken from there.

    Crops are those of unseen images (val). Writes the files of `OUTPUTS`, `report/` and, last,
    `manifest.json`; where no run of emergence is named, that too, into `emergence/`.

    Raises:
      InputError: something the user can fix, in one line; what was finished is kept.
    """
    clock, options = Clock(), question.job
    with workdir.locked_folder(execution.workdir) as folder, terminal.noting():
        with clock("weights"):
            network = load_network(
                options.net,
                options.weights,
                seed=options.network_seed,
                dtype=options.dtype,
                **options.file.asdict(),
            )
            terminal.note(*network.notes)
            layer = chosen_layer(network, question.layer)
            require_named_scores(network, options.weights)
        with clock("annotations"):
            dataset = dataset_of(options, context_of(terminal, execution))
            require_classes(network, dataset.parts)
        with workdir.plain_errors(folder):
            if question.emergence:
                measured = read_measured(Path(question.emergence), network, layer, dataset.parts)
            workdir.claim(folder, deciding(question))
            with clock("fingerprints"):
                both = all_crops(dataset, network.input_size, options)
                crops = {name: pair[1] for name, pair in both.items()}
                _require_crops(crops)
                unseen = images_of({name: (one,) for name, one in crops.items()})
                # What is to be said of them, the run of emergence says.
                digests = photographs.digests(photographs.looked_at(unseen, context_of(terminal, execution)))
            if not question.emergence:
                with clock("emergence"):
                    place = _measure_emergence(folder, layer, question, execution, terminal)
                measured = read_measured(place, network, layer, dataset.parts)
            terminal.note(*measured.notes)
            steps = Steps(network, layer)
            cache = stages.Cache(folder / "cache", terminal.say) / "drops"
            drops = {
                name: DropStage(
                    cache,
                    steps,
                    one,
                    fingerprints(one, digests),
                    _spread_evenly(one, question.blackouts),
                    options.seed,
                )
                for name, one in crops.items()
            }
            job = _Job(folder, question, network, layer, measured, drops, digests, execution, terminal)
            job.run(clock)


def _require_crops(crops: Mapping[str, Crops]) -> None:
    for name, one in crops.items():
        if not len(one):
            raise InputError(f"{name}: no unseen image (val) shows one; leave it out with --classes")


def _measure_emergence(
    folder: Path, layer: str, question: Question, execution: Execution, terminal: Terminal
) -> Path:
    """Measures emergence in the one layer, in a folder of its own; without tables of its own."""
    terminal.say(f"emergence of {layer} first, into {folder / 'emergence'} (or name a run with --emergence)")
    options = dataclasses.replace(question.job, layers=(layer,), nulls=(), all_searches=False)
    place = folder / "emergence"
    skeleton.run(emergence.question(options, report=False), place, context_of(Aside(terminal), execution))
    return place


def _spread_evenly(crops: Crops, limit: int | None) -> np.ndarray:
    """Which parts of which crops are blacked out: bool [N, P], at most `limit` crops a part."""
    has = crops.truth.valid.any(axis=1).T  # [N, P]
    if limit is None:
        return has
    chosen = np.zeros_like(has)
    for p in range(has.shape[1]):
        there = np.flatnonzero(has[:, p])
        count = min(limit, len(there))
        chosen[there[(np.arange(count) * len(there)) // max(count, 1)], p] = True
    return chosen


class _Job:
    """One run's surroundings."""

    def __init__(self, folder, question, network, layer, measured, drops, digests, execution, terminal):
        self.folder, self.question, self.network, self.layer = folder, question, network, layer
        self.measured: Measured = measured
        self.stages: Mapping[str, DropStage] = drops
        self.digests, self.execution, self.terminal = digests, execution, terminal

    def run(self, clock: Clock) -> None:
        devices = jax.device_count()
        batch_size = self.execution.batch_size or suitable_batch(self.network)
        batch_size = -(-batch_size // devices) * devices  # every device has its share
        units = {
            "crops": sum(len(stage.crops) for stage in self.stages.values()),
            "blackouts": sum(stage.blackouts for stage in self.stages.values()),
        }
        drops, found, skipped = {}, [], set()
        with self.terminal.progress(units) as advance:
            for name, stage in self.stages.items():
                with clock("drops"):
                    stage.compute(batch_size, self.execution.threads, self.execution.skip_bad, advance)
                with clock("findings"):
                    drops[name] = stage.load()
                    found.append(self._findings(name, stage, drops[name]))
                    skipped.update(stage.readable()[1])
        with clock("findings"):
            layer = layer_findings(found, self.question.job.seed)
        # A manifest vouches for the files beside it: none while they change.
        (self.folder / "manifest.json").unlink(missing_ok=True)
        with clock("tables"):
            self._write_tables(layer)
        with clock("report"):
            content = build_discriminativeness_report(
                self.folder,
                self.question,
                self.network,
                layer,
                drops,
                self.stages,
                self.execution.threads,
                self.terminal.noted,
            )
        self._write_manifest(clock, batch_size, sorted(skipped))
        self.terminal.show(discriminative_table(content))
        for problem in sorted(skipped):
            self.terminal.say(f"skipped: {problem}")
        self.terminal.spent(clock.seconds)
        self.terminal.show(f"report: {self.folder}/report/index.html")
        self.terminal.show(f"results: {self.folder}/filters.csv, parts.csv, summary.json")

    def _findings(self, name: str, stage: DropStage, drops: ClassDrops) -> ClassFindings:
        self.measured.check_images(name, unseen_digest(stage, self.digests), self.question.job.seed)
        return class_findings(
            drops,
            stage.crops.image_index[stage.readable()[0]],
            DetectedParts(self.measured.verdicts[name], self.measured.ap_samples[name]),
            Cutoff(self.question.deviations, self.question.after_softmax),
            self.question.job.seed,
        )

    def _write_tables(self, layer: LayerFindings) -> None:
        whole, job = functools.partial(workdir.written_whole, durable=True), self.question.job
        with whole(self.folder / "filters.csv") as path:
            files.write_filter_drops(path, layer)
        with whole(self.folder / "parts.csv") as path:
            files.write_part_drops(path, layer)
        about = job.net, job.weights, job.dataset, self.layer
        asked = self.question.deviations, self.question.after_softmax
        workdir.write_json(
            self.folder / "summary.json", files.discriminativeness_summary(*about, *asked, layer)
        )

    def _write_manifest(self, clock: Clock, batch_size: int, skipped: list[str]) -> None:
        manifest.write_manifest(
            self.folder,
            __name__,
            self.question,
            self.question.job.dtype,
            clock,
            self.terminal.noted,
            skipped,
            OUTPUTS,
            layer=self.layer,
            split="val",
            batch_size=batch_size,
            network_digest=self.network.digest,
            emergence=str(self.measured.folder),
            input_fingerprint=stages.key(drops=[stage.keys for stage in self.stages.values()]),
        )
