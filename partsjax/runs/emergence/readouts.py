"""The stage that reads parts out of layers: two more passes of the network over a class's crops."""

import collections
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

import jax
import numpy as np

from partsjax.data.crops import Crops
from partsjax.data.pipeline import batches
from partsjax.emergence.ground import Ground
from partsjax.emergence.judged import Judged
from partsjax.emergence.readout.detecting import detect, joined_batches
from partsjax.emergence.readout.grid import PLACE_TERMS, Grid
from partsjax.emergence.readout.judging import ReadoutScores, judge_readouts
from partsjax.emergence.readout.models import fit_readouts
from partsjax.emergence.readout.share import readout_verdicts
from partsjax.emergence.readout.sums import CellSums, bytes_of_sums, halves_of
from partsjax.emergence.stimuli import extractor
from partsjax.errors import InputError
from partsjax.networks.activations import shapes
from partsjax.networks.protocol import Network
from partsjax.runs import stages
from partsjax.runs.context import Context
from partsjax.runs.emergence.asked import EmergenceRequest
from partsjax.runs.memory import OWN, Memory, in_words
from partsjax.runs.network_stages import NetworkStages
from partsjax.runs.records import packed, unpacked
from partsjax.runs.stimulus_stage import StimulusStage, truth_digest

_IN_FLIGHT = 1  # batches the device works on while the host sums


@dataclasses.dataclass(frozen=True)
class MapReducer:
    """The reducer to the map itself, filters first: float32 [F, H, W, B]."""

    def __call__(self, activation: jax.Array) -> jax.Array:
        return activation.transpose(3, 1, 2, 0)


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
    judged: Mapping[tuple[str, str], Judged],
    trained: NetworkStages,
    asked: EmergenceRequest,
    context: Context,
) -> dict[tuple[str, str], Judged]:
    """What a run has found, by (layer, class), with the readout of every part in its verdicts."""
    stage = _Reading(trained, asked, context)
    found = dict(judged)
    total = sum(2 * len(train.crops) + len(val.crops) for train, val in trained.by_class.values())
    with context.progress({"crops": total}) as advance, context.clock("readouts"):
        for object_class in trained.by_class:
            scores = stage.scores(object_class, lambda count, of=object_class: advance("crops", count, of))
            for layer, of_layer in scores.items():
                found[layer, object_class] = _beside(judged[layer, object_class], of_layer)
    return found


def _beside(judged: Judged, scores: ReadoutScores) -> Judged:
    verdicts = tuple(
        dataclasses.replace(verdict, readout=readout)
        for verdict, readout in zip(
            judged.evidence.verdicts, readout_verdicts(scores, judged.evidence), strict=True
        )
    )
    return dataclasses.replace(judged, evidence=dataclasses.replace(judged.evidence, verdicts=verdicts))


class _Reading:
    """Readouts of a network, class by class; finished layers are kept in `context.cache`."""

    def __init__(self, trained: NetworkStages, asked: EmergenceRequest, context: Context):
        self._trained, self._asked, self._context = trained, asked, context
        self._network, self._maps = trained.network, shapes(trained.network, asked.layers)

    def scores(self, object_class: str, advance: Callable[[int], None]) -> dict[str, ReadoutScores]:
        """By layer; advance: crops done."""
        pair = self._trained.by_class[object_class]
        ground = Ground(*(one.readable_crops() for one in pair), self._asked.method, self._asked.seed)
        entries = {layer: self._entry(layer, pair, ground) for layer in self._asked.layers}
        kept = {layer: entry.found() for layer, entry in entries.items()}
        found = {
            layer: unpacked(ReadoutScores, arrays) for layer, arrays in kept.items() if arrays is not None
        }
        passes = self._passes([layer for layer in self._asked.layers if layer not in found], ground)
        for layers in passes:
            need = sum(self._bytes(layer, ground) for layer in layers)
            with self._context.memory.held(need, f"readouts of {object_class}"):
                for layer, scores in self._read(
                    layers, ground, advance if layers is passes[0] else None
                ).items():
                    entries[layer].save(packed(scores))
                    found[layer] = scores
        if not passes:
            advance(2 * len(pair[0].crops) + len(pair[1].crops))
        return {layer: found[layer] for layer in self._asked.layers}

    def _read(
        self, layers: Sequence[str], ground: Ground, advance: Callable[[int], None] | None
    ) -> dict[str, ReadoutScores]:
        """Readouts of some layers, in one go over the crops for their sums and one for their detections."""
        extract = extractor(self._network, layers, MapReducer())
        grids = {layer: self._grid(layer) for layer in layers}
        sums = {layer: CellSums.none(self._maps[layer].shape[3], len(ground.train.parts)) for layer in layers}
        half, truth = halves_of(ground.train.image_index), ground.train.truth

        def maps(crops: Crops) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
            for index, of_batch in self._batches(extract, crops):
                yield index, of_batch
                if advance:
                    advance(len(index))

        for index, of_batch in maps(ground.train):
            for layer, activation in of_batch.items():
                sums[layer].add(grids[layer], activation, truth.select(index), half[index])
        models = {layer: fit_readouts(sums.pop(layer)) for layer in layers}
        found = {layer: ([], []) for layer in layers}
        for split, crops in enumerate((ground.train, ground.val)):
            for _, of_batch in maps(crops):
                for layer, activation in of_batch.items():
                    found[layer][split].append(detect(models[layer], grids[layer], activation))
        return {
            layer: judge_readouts(models[layer], [joined_batches(pieces) for pieces in found[layer]], ground)
            for layer in layers
        }

    def _batches(self, extract: Callable, crops: Crops) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        """Crops by their numbers, and by layer their maps, float32 [F, H, W, B]."""
        waiting = collections.deque()

        def received():
            index, maps = waiting.popleft()
            return index, {layer: np.asarray(one)[..., : len(index)] for layer, one in maps.items()}

        devices, batch_size = jax.device_count(), self._trained.batch_size
        batch_size = -(-batch_size // devices) * devices
        shards = [np.arange(len(crops))] if len(crops) else []
        fill, threads = self._network.preprocessing.mean, self._context.threads
        for batch in batches(crops, shards, batch_size, fill, threads=threads):
            waiting.append((batch.index, extract(batch.pixels)))
            if len(waiting) > _IN_FLIGHT:
                yield received()
        while waiting:
            yield received()

    def _grid(self, layer: str) -> Grid:
        _, rows, columns, _ = self._maps[layer].shape
        return Grid.of(self._network.fields[layer], rows, columns, self._network.input_size)

    def _passes(self, layers: Sequence[str], ground: Ground) -> list[list[str]]:
        """Layers that are read together: as many as memory has room for."""
        passes, left = [], 0
        for layer in layers:
            need = self._bytes(layer, ground)
            if not passes or need > left:
                passes.append([])
                left = self._context.memory.room
            passes[-1].append(layer)
            left -= need
        return passes

    def _bytes(self, layer: str, ground: Ground) -> int:
        """What reading a layer takes of memory, about: sums, or detections, and what a batch is made to."""
        _, rows, columns, filters = self._maps[layer].shape
        parts = len(ground.train.parts)
        batch = 3 * 8 * (filters + PLACE_TERMS) * rows * columns * self._trained.batch_size
        detections = 200 * filters.bit_length() * parts * 8 * (len(ground.train) + len(ground.val)) // 8
        return min(bytes_of_sums(filters, parts) + batch + detections, self._context.memory.room)

    def _entry(self, layer: str, pair: Sequence[StimulusStage], ground: Ground) -> stages.Entry:
        crops = pair[0].crops
        key = stages.key(
            __name__,
            stage="readouts",
            stimuli=[stage.keys[layer] for stage in pair],
            truth=[truth_digest(of.truth) for of in (ground.train, ground.val)],
            images=[of.image_index.tolist() for of in (ground.train, ground.val)],
            names=[layer, crops.object_class, crops.parts],
            field=dataclasses.astuple(self._network.fields[layer]),
            size=self._network.input_size,
            method=dataclasses.asdict(ground.method),
            seed=ground.seed,
        )
        return (self._context.cache / "readouts" / crops.object_class).entry(layer, key)
