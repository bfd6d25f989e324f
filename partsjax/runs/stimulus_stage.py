"""The stage that runs the network: a class's crops of one split, shard by shard, to stimuli on disk."""

import collections
import dataclasses
import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np

from partsjax.data.crops import Crops, Truth
from partsjax.data.pipeline import CropBatch, batches
from partsjax.emergence.stimuli import Stimuli, StimulusReducer, concatenate, require_finite
from partsjax.networks.devices import shardings
from partsjax.networks.protocol import Network
from partsjax.runs import stages, stored_stimuli

Extracted = dict[str, Stimuli]  # by layer, of a batch
Extract = Callable[[jax.Array], Extracted]  # the compiled step from pixels to stimuli, `stimuli.extractor`
STIMULUS_SHARD = 256  # crops whose stimuli are computed, kept and resumed as one, at most
_SHARD_BYTES = 1 << 28  # of their stimuli, about
_IN_FLIGHT = 2  # batches the device works on while the host reads the next


def shard_size(maps: Mapping[str, jax.ShapeDtypeStruct], reducer: StimulusReducer) -> tuple[int, int]:
    """How many crops a shard has, and the bytes of their stimuli; maps: as `shapes` gives them."""
    bytes_a_crop = sum(40 * reducer.stimuli * of.shape[3] for of in maps.values())
    crops = min(STIMULUS_SHARD, max(1, _SHARD_BYTES // bytes_a_crop))
    return crops, crops * bytes_a_crop


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
        self.crops, self.network, self._maps, self._layers = crops, network, maps, tuple(maps)
        self._most = reducer.stimuli
        shard, _ = shard_size(maps, reducer)
        self.shards = np.split(np.arange(len(crops)), np.arange(shard, len(crops), shard))
        if len(crops) == 0:
            self.shards = []
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
                for shard in self.shards
            ]
            for layer in maps
        }
        place = cache / crops.object_class / crops.split
        self._entries = {
            layer: [(place / layer).entry(f"{n:05d}", key) for n, key in enumerate(keys)]
            for layer, keys in self.keys.items()
        }
        self._released = place.entry("readable", stages.key(stimuli=self.keys))

    def missing(self) -> list[int]:
        """Shards that lack the stimuli of some layer."""
        return [
            n
            for n in range(len(self.shards))
            if not all(self._entries[layer][n].exists() for layer in self._layers)
        ]

    def save(self, number: int, collected: Sequence[tuple[CropBatch, Extracted]]) -> None:
        """Keeps a shard: its batches with the stimuli found, in order."""
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
        for shard, entry in zip(self.shards, self._entries[layer], strict=True):
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
        released = self._released.found()
        if released is not None:
            return released["readable"], released["problems"].tolist()
        loaded = [entry.load("readable", "problems") for entry in self._entries[self._layers[0]]]
        readable = np.concatenate([readable for readable, _ in loaded]) if loaded else np.zeros(0, bool)
        return readable, sorted({str(problem) for _, problems in loaded for problem in problems})

    def release(self) -> None:
        """Keeps apart which crops could be read, so that the stimuli need not be there."""
        if not self.released():
            readable, problems = self.readable()
            self._released.save({"readable": readable, "problems": np.array(problems, dtype=np.str_)})

    def released(self) -> bool:
        """Whether all that was wanted of the stimuli was done once."""
        return self._released.exists()

    def drop(self) -> None:
        """Deletes the stimuli, once released."""
        for entry in itertools.chain.from_iterable(self._entries.values()):
            entry.delete()

    def readable_crops(self) -> Crops:
        """Those of `load`."""
        return self.crops.select(self.readable()[0])


class _Filling:
    """A stage while its missing shards, in rising order, are filled with batches of crops."""

    def __init__(self, stage: StimulusStage, extract: Extract, missing: Sequence[int], advance: Callable):
        self._stage, self._extract, self._advance = stage, extract, advance
        self._todo = collections.deque(missing)
        self._waiting: collections.deque[tuple[CropBatch, Extracted]] = collections.deque()
        self._collected: list[tuple[CropBatch, Extracted]] = []

    def take(self, batch: CropBatch, pixels: jax.Array) -> None:
        """Has the device begin on a batch of a missing shard."""
        self._waiting.append((batch, self._extract(pixels)))
        if len(self._waiting) > _IN_FLIGHT:
            self._receive()

    def finish(self) -> None:
        while self._waiting:
            self._receive()

    def _receive(self) -> None:
        batch, found = self._waiting.popleft()
        count = len(batch.index)
        found = jax.tree.map(lambda array: np.asarray(array)[..., :count], found)
        for layer, of_layer in found.items():
            require_finite(self._stage.network, layer, of_layer, batch.readable)
        self._collected.append((batch, found))
        self._advance(count)
        if sum(len(b.index) for b, _ in self._collected) == len(self._stage.shards[self._todo[0]]):
            self._stage.save(self._todo.popleft(), self._collected)
            self._collected = []


def _empty(filters: int, stimuli: int, crops: int, columns: int) -> Stimuli:
    """Room for stimuli."""
    cells = np.empty((filters, stimuli, crops), np.int32)
    return Stimuli(cells, np.empty((filters, 9, stimuli, crops), np.float32), columns)


def compute(
    extracts: Mapping[StimulusStage, Extract],
    batch_size: int,
    threads: int,
    skip_bad: bool,
    advance: Callable[[int, str], None],
) -> None:
    """Runs networks over the shards that they lack; each is written as soon as it is whole.

    Args:
      extracts: stages of the same crops in shards of the same length, shown with the same mean color. A crop
        is read and warped once for all of them.
      batch_size: a multiple of the number of devices.
      advance: progress, `(crops done, what)`.
    """
    first = next(iter(extracts))
    what = f"{first.crops.object_class} {first.crops.split}: network"
    fillings, lacking = [], collections.defaultdict(list)
    for stage, extract in extracts.items():
        missing = stage.missing()
        advance(len(stage.crops) - sum(len(stage.shards[n]) for n in missing), what)
        fillings.append(_Filling(stage, extract, missing, lambda count: advance(count, what)))
        for n in missing:
            lacking[n].append(fillings[-1])
    order, (by_crop, _) = sorted(lacking), shardings()
    shards, fill = [first.shards[n] for n in order], first.network.preprocessing.mean
    for batch in batches(first.crops, shards, batch_size, fill, threads=threads, skip_bad=skip_bad):
        pixels = jax.device_put(batch.pixels, by_crop)
        for filling in lacking[batch.index[0] // len(first.shards[0])]:
            filling.take(batch, pixels)
    for filling in fillings:
        filling.finish()


def truth_digest(truth: Truth) -> str:
    digest = hashlib.sha256()
    for array in (truth.boxes, truth.valid, truth.difficult):
        digest.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
