"""Networks over all classes: the stimulus stages of each, and how several are run together."""

import collections
import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence

import jax

from partsjax.data.crops import Crops, class_crops, fingerprints
from partsjax.data.dataset import Dataset
from partsjax.data.frames import in_frame
from partsjax.data.schema import SPLITS, Image
from partsjax.emergence.method import Method
from partsjax.emergence.stimuli import StimulusReducer, extractor, suitable_batch
from partsjax.networks.activations import shapes
from partsjax.networks.protocol import Network
from partsjax.runs.context import Context
from partsjax.runs.stimulus_stage import Extract, Extracted, StimulusStage, compute, shard_size


def all_crops(dataset: Dataset, size: int, options) -> dict[str, tuple[Crops, Crops]]:
    """(train, val) crops of every class, `size` pixels a side.

    options: has `limit`, `frame` and `method`, as `Options` has them.
    """
    dataset = in_frame(dataset, options.frame, size)
    return {
        object_class: tuple(
            class_crops(
                dataset,
                object_class,
                split,
                size,
                limit=options.limit,
                min_part_size=options.method.min_part_size,
            )
            for split in SPLITS
        )
        for object_class in dataset.parts
    }


def images_of(crops: Mapping[str, Sequence[Crops]]) -> list[Image]:
    """Every image that a crop comes from, each once; those of train first."""
    splits = zip(*crops.values(), strict=True)
    return list({image.image_id: image for split in splits for one in split for image in one.images}.values())


@dataclasses.dataclass(frozen=True)
class DatasetCrops:
    """All crops of a run.

    by_class: (train, val) of every object class. digests: content hash of every image, by its id.
    """

    by_class: Mapping[str, Sequence[Crops]]
    digests: Mapping[str, str]


class NetworkStages:
    """The stages that run one network, by class, kept in `context.cache / name`.

    by_class: (train, val) stages of every object class. batch_size: crops the network takes at once.
    reading: networks for which it is the same can be shown crops together. held: bytes that takes of memory.
    """

    def __init__(
        self,
        name: str,
        network: Network,
        layers: Sequence[str],
        method: Method,
        crops: DatasetCrops,
        context: Context,
    ):
        self.network, self._layers = network, tuple(layers)
        self._reducer = StimulusReducer(method.stimuli, method.stimulus_window)
        self.batch_size = context.batch_size or suitable_batch(network)
        cache, maps = context.cache / name, shapes(network, self._layers)
        shard, of_shard = shard_size(maps, self._reducer)
        self.reading = self.batch_size, network.preprocessing.mean, shard
        self.held = 2 * of_shard  # while a shard is written, its batches are there too

        def stage(one: Crops) -> StimulusStage:
            return StimulusStage(cache, network, maps, self._reducer, one, fingerprints(one, crops.digests))

        self.by_class = {name: tuple(map(stage, pair)) for name, pair in crops.by_class.items()}

    def __len__(self) -> int:
        """Crops of all classes."""
        return sum(len(stage.crops) for pair in self.by_class.values() for stage in pair)

    def extract(self, pixels: jax.Array) -> Extracted:
        """The compiled step from pixels to stimuli."""
        return self._extractor(pixels)

    @functools.cached_property
    def _extractor(self) -> Extract:
        """Made when the first crop needs it."""
        return extractor(self.network, self._layers, self._reducer)


def run_networks(
    networks: Iterable[NetworkStages],
    object_class: str,
    context: Context,
    advance: Callable[[int, str], None],
) -> None:
    """Runs networks over the crops of a class that they lack.

    Those that take crops in the same way (`NetworkStages.reading`) go over them together, as many at once as
    memory has room for.
    """
    devices, alike = jax.device_count(), collections.defaultdict(list)
    for network in networks:
        alike[network.reading].append(network)
    for (batch_size, *_), all_alike in alike.items():
        batch_size = -(-batch_size // devices) * devices  # every device has its share
        held = max(of.held for of in all_alike)
        together = max(1, context.memory.room // held)
        for start in range(0, len(all_alike), together):
            those = all_alike[start : start + together]
            need = min(len(those) * held, context.memory.room)
            with context.memory.held(need, f"stimuli of {object_class}"):
                for split in range(len(SPLITS)):
                    extracts = {of.by_class[object_class][split]: of.extract for of in those}
                    compute(extracts, batch_size, context.threads, context.skip_bad, advance)
