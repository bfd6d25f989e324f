"""The stage that reads parts out of layers: of a class, and of what the run found the readouts' verdicts."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from partsjax.emergence.ground import Ground
from partsjax.emergence.judged import Judged
from partsjax.emergence.readout.detecting import ReadoutDetections, bytes_of_batch, detect, joined_batches
from partsjax.emergence.readout.grid import Grid
from partsjax.emergence.readout.judging import ReadoutScores, judge_readouts
from partsjax.emergence.readout.models import Models, fit_readouts
from partsjax.emergence.readout.share import readout_sanity, readout_verdicts
from partsjax.emergence.readout.sums import CellSums, bytes_of_sums, halves_of
from partsjax.errors import InputError
from partsjax.networks.activations import shapes
from partsjax.networks.protocol import Network
from partsjax.runs import stages
from partsjax.runs.emergence import map_passes
from partsjax.runs.emergence.map_passes import Maps
from partsjax.runs.memory import OWN, Memory, in_words
from partsjax.runs.network_stages import NetworkStages
from partsjax.runs.stimulus_stage import truth_digest

ByName = Mapping[tuple[str, str], ReadoutScores]  # by (layer, class)


class ReadoutStage:
    """Readouts of a network, kept in `cache` by class and layer."""

    said, record = "readouts", ReadoutScores

    def __init__(self, of: NetworkStages, maps: Maps, cache: stages.Cache, memory: Memory):
        self._of, self._network, self._maps = of, of.network, maps
        self._cache, self._memory = cache, memory

    def entry(self, layer: str, ground: Ground) -> stages.Entry:
        """Where the readouts of a layer are kept."""
        crops = ground.train
        key = stages.key(
            __name__,
            map_passes.__name__,
            stage="readouts",
            stimuli=[stage.keys[layer] for stage in self._of.by_class[crops.object_class]],
            truth=[truth_digest(of.truth) for of in (ground.train, ground.val)],
            images=[of.image_index.tolist() for of in (ground.train, ground.val)],
            names=[layer, crops.object_class, crops.parts],
            field=dataclasses.astuple(self._network.fields[layer]),
            size=self._network.input_size,
            method=dataclasses.asdict(ground.method),
            seed=ground.seed,
            sanity=ground.sanity,
        )
        return (self._cache / crops.object_class).entry(layer, key)

    def need(self, layer: str, ground: Ground) -> int:
        """Bytes, about: sums, or detections, and what a batch is made to; at most what there is room for."""
        _, rows, columns, filters = self._maps[layer].shape
        parts = len(ground.train.parts)
        batch = bytes_of_batch(filters, parts, rows * columns * self._of.batch_size)
        detections = 200 * filters.bit_length() * parts * (len(ground.train) + len(ground.val))
        return min(bytes_of_sums(filters, parts) + batch + detections, self._memory.room)

    def begin(self, layer: str, ground: Ground) -> "_Passes":
        """Of a layer over a class's crops."""
        _, rows, columns, filters = self._maps[layer].shape
        grid = Grid.of(self._network.fields[layer], rows, columns, self._network.input_size)
        return _Passes(layer, grid, ground, filters)


class _Passes:
    """`LayerPasses` to `ReadoutScores`: the first sums over cells, the second detects."""

    def __init__(self, layer: str, grid: Grid, ground: Ground, filters: int):
        self.layer, self._grid, self._ground = layer, grid, ground
        self._half = halves_of(ground.train.image_index)
        self._sums: CellSums | None = CellSums.none(filters, len(ground.train.parts))
        self._models: Models | None = None
        self._found: tuple[list[ReadoutDetections], ...] = ([], [])

    def first(self, index: np.ndarray, activation: np.ndarray) -> None:
        self._sums.add(self._grid, activation, self._ground.train.truth.select(index), self._half[index])

    def fit(self) -> None:
        self._models, self._sums = fit_readouts(self._sums), None

    def second(self, split: int, activation: np.ndarray) -> None:
        self._found[split].append(detect(self._models, self._grid, activation))

    def result(self) -> ReadoutScores:
        return judge_readouts(self._models, [joined_batches(pieces) for pieces in self._found], self._ground)


def require_room(network: Network, layers: Sequence[str], parts: int, memory: Memory) -> None:
    """Raises `InputError` where the sums that readouts of a layer are fitted from do not fit into memory."""
    for layer, of in shapes(network, tuple(layers)).items():
        need = bytes_of_sums(of.shape[3], parts)
        if need > memory.room:
            raise InputError(
                f"readouts: layer {layer} has {of.shape[3]} filters, whose normal equations take "
                f"{in_words(need + OWN)}, and memory_budget is {in_words(memory.budget)}; measure it without "
                "readouts"
            )


def with_readouts(
    judged: Mapping[tuple[str, str], Judged], read: ByName, of_nulls: Mapping[str, ByName]
) -> dict[tuple[str, str], Judged]:
    """What a run has found, by (layer, class), with the readout of every part in its verdicts.

    read: of the network; of_nulls: by name, of networks of nulls.
    """
    return {
        names: _beside(of, read[names], {null: scores[names] for null, scores in of_nulls.items()})
        for names, of in judged.items()
    }


def _beside(judged: Judged, scores: ReadoutScores, of_nulls: Mapping[str, ReadoutScores]) -> Judged:
    verdicts = []
    readouts = readout_verdicts(scores, judged.evidence)
    for part, (verdict, readout) in enumerate(zip(judged.evidence.verdicts, readouts, strict=True)):
        nulls = {
            name: dataclasses.replace(verdict.nulls[name], readout_ap_val=float(of.ap_val[-1, part]))
            for name, of in of_nulls.items()
        }
        sanity = dict(verdict.sanity)
        if sanity and len(scores.mislabeled):
            sanity |= readout_sanity(verdict, readout, scores.mislabeled[:, part])
        verdicts.append(
            dataclasses.replace(verdict, readout=readout, nulls={**verdict.nulls, **nulls}, sanity=sanity)
        )
    evidence = dataclasses.replace(judged.evidence, verdicts=tuple(verdicts))
    return dataclasses.replace(judged, evidence=evidence)
