"""The main job: every filter of the chosen layers scored against every part of the chosen classes."""

import collections
import concurrent.futures
import dataclasses
import functools
from collections.abc import Sequence

import jax

from partsjax.data.crops import class_crops, fingerprints
from partsjax.data.loading import load_dataset
from partsjax.data.schema import SPLITS, Dataset, Image
from partsjax.emergence.method import Method
from partsjax.emergence.scoring import Scores, score_layer
from partsjax.emergence.selection import best_filters, best_unregressed, summarize
from partsjax.emergence.stimuli import extractor, suitable_batch
from partsjax.errors import BadInput, nearest
from partsjax.networks import load_network
from partsjax.networks.protocol import Network
from partsjax.reporting import files
from partsjax.reporting.terminal import Terminal
from partsjax.runs import manifest, stages, workdir
from partsjax.runs.execution import Execution
from partsjax.runs.stimulus_stage import StimulusStage, truth_digest

OUTPUTS = ("filters.parquet", "parts.csv", "summary.json")


@dataclasses.dataclass(frozen=True)
class Options:
    """What decides a run's results, as on the command line. Sequences may be ("all",)."""

    net: str = "alexnet"
    weights: str = "imagenet"
    layers: tuple[str, ...] = ()
    dataset: str = "shapeparts"
    data_dir: str | None = None
    classes: tuple[str, ...] = ("all",)
    limit: int | None = None
    seed: int = 0
    dtype: str = "float32"
    part_list: str = "123"
    method: Method = dataclasses.field(default_factory=Method)


def measure(options: Options, execution: Execution, terminal: Terminal) -> None:
    """Runs the job in its folder; finished stages are taken from there.

    Writes `filters.parquet`, `parts.csv`, `summary.json` and, last, `manifest.json`.

    Raises:
      BadInput: something the user can mend, in one line; what was finished is kept.
    """
    clock = manifest.Stages()
    with workdir.opened(execution.workdir) as folder:
        with clock("annotations"):
            with terminal.preparation() as progress:
                dataset = load_dataset(
                    options.dataset,
                    options.data_dir,
                    None if options.classes == ("all",) else options.classes,
                    seed=options.seed,
                    part_list=options.part_list,
                    progress=progress,
                )
            for note in dataset.notes:
                terminal.note(f"note: {note}")
        with clock("weights"):
            network = load_network(options.net, options.weights, seed=options.seed, dtype=options.dtype)
            layers = chosen_layers(network, options.layers)
        job = _Job(folder, network, layers, options, execution, terminal, clock)
        with workdir.plain_errors(folder):
            workdir.claim(folder, dataclasses.asdict(options))
            job.run(dataset)


def chosen_layers(network: Network, asked: Sequence[str]) -> tuple[str, ...]:
    """The layers to measure, in forward order: those asked for, all, or the network's default."""
    if tuple(asked) == ("all",):
        return tuple(network.fields)
    for layer in asked:
        if layer not in network.fields:
            raise BadInput(
                f"--layers: {network.name} has no layer {layer!r}; {nearest(layer, network.fields)}"
            )
    wanted = tuple(asked) or network.default_layers
    return tuple(layer for layer in network.fields if layer in wanted)


class _Job:
    """One run's surroundings, and its stages."""

    def __init__(self, folder, network, layers, options, execution, terminal, clock):
        self.folder, self.network, self.layers = folder, network, layers
        self.options, self.execution = options, execution
        self.terminal, self.clock = terminal, clock
        self.method: Method = options.method
        self.batch_size = execution.batch_size or suitable_batch(network)

    def run(self, dataset: Dataset) -> None:
        with self.clock("fingerprints"):
            places = self._stimulus_stages(dataset)
        results: list[files.ClassScores] = []
        rows, unregressed = collections.defaultdict(list), collections.defaultdict(list)
        skipped: set[str] = set()
        total = sum(len(stage.crops) for pair in places.values() for stage in pair)
        with self.terminal.progress(total, "crops") as advance:
            for object_class, pair in places.items():
                for stage in pair:
                    with self.clock("network"):
                        self._compute(stage, advance)
                    skipped.update(stage.readable()[1])
                truths = tuple(stage.truth() for stage in pair)
                counts = [truth.positives for truth in truths]
                parts = pair[0].crops.parts
                advance(0, f"{object_class}: scoring")
                with self.clock("scoring"):
                    all_scores = self._score_layers(pair, truths)
                for layer, scores in zip(self.layers, all_scores, strict=True):
                    results.append(files.ClassScores(layer, object_class, parts, scores))
                    rows[layer] += best_filters(layer, object_class, parts, scores, *counts)
                    unregressed[layer] += best_unregressed(scores)
        summaries = {layer: summarize(rows[layer], unregressed[layer]) for layer in self.layers}
        all_rows = [row for layer in self.layers for row in rows[layer]]
        results.sort(key=lambda result: self.layers.index(result.layer))  # stable: classes keep theirs
        with self.clock("tables"):
            self._write(results, all_rows, summaries, list(places))
        self._write_manifest(places, sorted(skipped))
        self.terminal.best_filters(all_rows, summaries)
        for problem in sorted(skipped):
            self.terminal.note(f"skipped: {problem}")
        self.terminal.done(self.folder, self.clock.seconds)

    def _stimulus_stages(self, dataset: Dataset) -> dict[str, tuple[StimulusStage, StimulusStage]]:
        """Per class the (train, val) stages that run the network."""
        crops = {
            object_class: [
                class_crops(
                    dataset,
                    object_class,
                    split,
                    self.network.input_size,
                    limit=self.options.limit,
                    min_part_size=self.method.min_part_size,
                )
                for split in SPLITS
            ]
            for object_class in dataset.parts
        }
        images = {i.image_id: i for pair in crops.values() for one in pair for i in one.images}
        digests = {name: self._image_digest(image) for name, image in images.items()}
        cache = self.folder / "cache" / "stimuli"
        return {
            object_class: tuple(
                StimulusStage(cache, self.network, self.layers, self.method, one, fingerprints(one, digests))
                for one in pair
            )
            for object_class, pair in crops.items()
        }

    def _image_digest(self, image: Image) -> str:
        try:
            return image.source.digest()
        except BadInput as error:
            if self.execution.skip_bad:
                return "unreadable"
            raise BadInput(f"{error} (or --skip_bad to go on without it)") from None

    def _compute(self, stage: StimulusStage, advance) -> None:
        run, devices = self.execution, jax.device_count()
        batch_size = -(-self.batch_size // devices) * devices  # every device has its share
        stage.compute(lambda pixels: self._extract(pixels), batch_size, run.threads, run.skip_bad, advance)

    @functools.cached_property
    def _extract(self):
        """The compiled step from pixels to stimuli, made when the first crop needs it."""
        return extractor(self.network, self.layers, self.method)

    def _score_layers(self, pair, truths) -> list[Scores]:
        """Scores of all layers, two at a time: a layer's scoring keeps little more than one core busy."""
        with concurrent.futures.ThreadPoolExecutor(max_workers=min(2, self.execution.threads)) as pool:
            return list(pool.map(lambda layer: self._scores(layer, pair, truths), self.layers))

    def _scores(self, layer: str, pair, truths) -> Scores:
        field, size = self.network.fields[layer], self.network.input_size
        key = stages.key(
            stage="scores",
            stimuli=[stage.keys[layer] for stage in pair],
            truth=[truth_digest(truth) for truth in truths],
            field=dataclasses.astuple(field),
            size=size,
            method=dataclasses.asdict(self.method),
        )
        folder = self.folder / "cache" / "scores" / pair[0].crops.object_class
        entry = stages.Entry(folder, layer, key)
        if entry.exists():
            return Scores(**entry.load())
        scores = score_layer(*(stage.load(layer) for stage in pair), *truths, field, size, self.method)
        entry.save({f.name: getattr(scores, f.name) for f in dataclasses.fields(scores)})
        return scores

    def _write(self, results, rows, summaries, classes) -> None:
        # A manifest vouches for the files beside it: none while they change.
        (self.folder / "manifest.json").unlink(missing_ok=True)
        whole = functools.partial(workdir.written_whole, durable=True)
        with whole(self.folder / "filters.parquet") as path:
            files.write_filters(path, results)
        with whole(self.folder / "parts.csv") as path:
            files.write_parts(path, rows)
        options = self.options
        workdir.write_json(
            self.folder / "summary.json",
            files.summary(options.net, options.weights, options.dataset, classes, summaries),
        )

    def _write_manifest(self, places, skipped: list[str]) -> None:
        keys = [stage.keys[self.layers[0]] for pair in places.values() for stage in pair]
        workdir.write_json(
            self.folder / "manifest.json",
            {
                "command": manifest.command(),
                "options": dataclasses.asdict(self.options),
                "layers": self.layers,
                "batch_size": self.batch_size,
                "network_digest": self.network.digest,
                "input_fingerprint": stages.key(stimuli=keys),
                "code_version": stages.code_version(),
                "versions": manifest.versions(),
                "devices": manifest.devices(),
                "stages": self.clock.record(),
                "skipped": skipped,
                "files": manifest.file_digests(self.folder, OUTPUTS),
            },
        )
