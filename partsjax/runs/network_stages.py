"""One network over all classes: its stimulus stages, and the compiled step they share."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence

import jax

from partsjax.data.crops import Crops, class_crops, fingerprints
from partsjax.data.dataset import Dataset
from partsjax.data.schema import SPLITS, Image
from partsjax.emergence.method import Method
from partsjax.emergence.stimuli import StimulusReducer, extractor, suitable_batch
from partsjax.networks.activations import shapes
from partsjax.networks.protocol import Network
from partsjax.runs.context import Context
from partsjax.runs.stimulus_stage import StimulusStage


def all_crops(dataset: Dataset, size: int, options) -> dict[str, tuple[Crops, Crops]]:
    """(train, val) crops of every class, `size` pixels a side.

    options: has `limit` and `method`, as `Options` has them.
    """
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
        self._reducer, self._context = StimulusReducer(method.stimuli, method.stimulus_window), context
        self.batch_size = context.batch_size or suitable_batch(network)
        cache, maps = context.cache / name, shapes(network, self._layers)

        def stage(one: Crops) -> StimulusStage:
            return StimulusStage(cache, network, maps, self._reducer, one, fingerprints(one, crops.digests))

        self.by_class = {name: tuple(map(stage, pair)) for name, pair in crops.by_class.items()}

    def __len__(self) -> int:
        """Crops of all classes."""
        return sum(len(stage.crops) for pair in self.by_class.values() for stage in pair)

    def compute(self, object_class: str, advance: Callable[[int, str], None]) -> None:
        """Runs the network over the class's crops that are missing."""
        run, devices = self._context, jax.device_count()
        batch_size = -(-self.batch_size // devices) * devices  # every device has its share
        for stage in self.by_class[object_class]:
            stage.compute(lambda p: self._extract(p), batch_size, run.threads, run.skip_bad, advance)

    @functools.cached_property
    def _extract(self):
        """The compiled step from pixels to stimuli, made when the first crop needs it."""
        return extractor(self.network, self._layers, self._reducer)
