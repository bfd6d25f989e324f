"""The stage that runs the network: a class's crops of one split, shard by shard, to stimuli on disk."""

import collections
import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np

from partsjax.data.crops import Crops, Truth
from partsjax.data.pipeline import CropBatch, batches
from partsjax.emergence.stimuli import Stimuli, StimulusReducer, concatenate, require_finite
from partsjax.networks.protocol import Network
from partsjax.runs import stages, stored_stimuli

STIMULUS_SHARD = 256  # crops whose stimuli are computed, kept and resumed as one, at most
_SHARD_BYTES = 1 << 28  # of their stimuli, about
_IN_FLIGHT = 2  # batches the device works on while the host reads the next


class StimulusStage:
    """Stimuli of all layers on one class's crops in one split, cached by shard and layer.

    A shard's key holds the pixels of its crops, the network with its weights, the layer and the
    reducer; a second layer can never be handed the first one's stimuli.
    """

    def __init__(
        self,
        cache: stages.Cache,
        network: Network,
        maps: Mapping[str, jax.ShapeDtypeStruct],
        reducer: StimulusReducer,
        crops: Crops,
        crop_digests: Sequence[str],
    ):
        """maps: of the layers, as `shapes` gives them."""
        self.crops, self._network, self._maps, self._layers = crops, network, maps, tuple(maps)
        self._most = reducer.stimuli
        bytes_a_crop = sum(40 * reducer.stimuli * of.shape[3] for of in maps.values())
        shard = min(STIMULUS_SHARD, max(1, _SHARD_BYTES // bytes_a_crop))
        self._shards = np.split(np.arange(len(crops)), np.arange(shard, len(crops), shard))
        if len(crops) == 0:
            self._shards = []
        # What draws or decodes the pixels is code too, and what the network is: its digest says the rest.
        modules = stages.modules_of(network.apply, *(image.source for image in crops.images))
        self.keys = {
            layer: [
                stages.key(
                    __name__,
                    *modules,
                    stage="stimuli",
                    crops=[crop_digests[i] for i in shard],
                    network=network.digest,
                    preprocessing=dataclasses.astuple(network.preprocessing),
                    layer=layer,
                    reducer=dataclasses.asdict(reducer),
                )
                for shard in self._shards
            ]
            for layer in maps
        }
        place = cache / crops.object_class / crops.split
        self._entries = {
            layer: [(place / layer).entry(f"{n:05d}", key) for n, key in enumerate(keys)]
            for layer, keys in self.keys.items()
        }

    def missing(self) -> list[int]:
        """Shards that lack the stimuli of some layer."""
        return [
            n
            for n in range(len(self._shards))
            if not all(self._entries[layer][n].exists() for layer in self._layers)
        ]

    def compute(
        self,
        extract: Callable[[np.ndarray], dict[str, Stimuli]],
        batch_size: int,
        threads: int,
        skip_bad: bool,
        advance: Callable[[int, str], None],
    ) -> None:
        """Runs the network over the shards that are missing; each is written as soon as it is whole.

        Args:
          extract: the compiled step from pixels to stimuli (`stimuli.extractor`).
          advance: progress, `(crops done, what)`.
        """
        what = f"{self.crops.object_class} {self.crops.split}: network"
        missing = self.missing()
        advance(len(self.crops) - sum(len(self._shards[n]) for n in missing), what)
        if not missing:
            return
        waiting: collections.deque[tuple[CropBatch, dict]] = collections.deque()
        collected: list[tuple[CropBatch, dict]] = []
        todo = collections.deque(missing)

        def receive():
            batch, found = waiting.popleft()
            count = len(batch.index)
            found = jax.tree.map(lambda array: np.asarray(array)[..., :count], found)
            for layer, of_layer in found.items():
                require_finite(self._network, layer, of_layer, batch.readable)
            collected.append((batch, found))
            advance(count, what)
            if sum(len(b.index) for b, _ in collected) == len(self._shards[todo[0]]):
                self._save(todo.popleft(), collected)
                collected.clear()

        shards = [self._shards[n] for n in missing]
        fill = self._network.preprocessing.mean
        for batch in batches(self.crops, shards, batch_size, fill, threads=threads, skip_bad=skip_bad):
            waiting.append((batch, extract(batch.pixels)))
            if len(waiting) > _IN_FLIGHT:
                receive()
        while waiting:
            receive()

    def _save(self, number: int, collected: list[tuple[CropBatch, dict]]) -> None:
        readable = np.concatenate([batch.readable for batch, _ in collected])
        problems = sorted({problem for batch, _ in collected for problem in batch.problems})
        for layer in self._layers:
            entry = self._entries[layer][number]
            if entry.exists():
                continue
            found = concatenate([found[layer] for _, found in collected])
            texts = np.array(problems, dtype=np.str_)
            entry.save({"readable": readable, "problems": texts, **stored_stimuli.stored(found)})

    def filters(self, layer: str) -> int:
        """How many filters the layer has."""
        return self._maps[layer].shape[3]

    def stimuli(self, layer: str) -> int:
        """How many stimuli are kept of each filter on each crop."""
        _, rows, columns, _ = self._maps[layer].shape
        return min(self._most, rows * columns)

    def load(self, layer: str, filters: range) -> Stimuli:
        """Stimuli of some filters on all readable crops, int32 and float32 [F, ..., K, N].

        filters: whole blocks of `FILTERS_STORED`, but for the layer's last.
        """
        crops, columns = len(self.crops), self._maps[layer].shape[2]
        found = _empty(len(filters), 1, 0, columns)
        names, readable = stored_stimuli.names(filters), np.zeros(crops, bool)
        for shard, entry in zip(self._shards, self._entries[layer], strict=True):
            readable[shard], *arrays = entry.load("readable", *names)
            row, here = 0, slice(shard[0], shard[-1] + 1)
            for cells, values in stored_stimuli.restored(dict(zip(names, arrays, strict=True)), filters):
                if found.cells.shape[2] != crops:
                    found = _empty(len(filters), cells.shape[1], crops, columns)
                rows = slice(row, row + len(cells))
                found.cells[rows, :, here], found.values[rows, ..., here] = cells, values
                row = rows.stop
        return found.select(readable)

    def readable(self) -> tuple[np.ndarray, list[str]]:
        """Which crops could be read, bool [N], and what was wrong with the others."""
        loaded = [entry.load("readable", "problems") for entry in self._entries[self._layers[0]]]
        readable = np.concatenate([readable for readable, _ in loaded]) if loaded else np.zeros(0, bool)
        return readable, sorted({str(problem) for _, problems in loaded for problem in problems})

    def readable_crops(self) -> Crops:
        """Those of `load`."""
        return self.crops.select(self.readable()[0])


def _empty(filters: int, stimuli: int, crops: int, columns: int) -> Stimuli:
    """Room for stimuli."""
    cells = np.empty((filters, stimuli, crops), np.int32)
    return Stimuli(cells, np.empty((filters, 9, stimuli, crops), np.float32), columns)


def truth_digest(truth: Truth) -> str:
    digest = hashlib.sha256()
    for array in (truth.boxes, truth.valid, truth.difficult):
        digest.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
