"""The pictures of filters: the crops that excite each most, plain and with the activated region."""

import collections
import dataclasses
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.data.views import view
from partsjax.judging.choosing import TopCrops
from partsjax.judging.highlight import highlighted, region
from partsjax.judging.items import Picture
from partsjax.judging.pictures import PictureFolder
from partsjax.networks.protocol import Network
from partsjax.runs.context import Context
from partsjax.runs.judging.firing import Reduced, Shower, Unit
from partsjax.runs.judging.source import ClassCrops

_Key = tuple[str, int, int]  # layer, filter, and crop of the class


@dataclasses.dataclass(frozen=True)
class _Maps:
    """The reducer to whole maps, [H, W, F, B], of one batch at a time."""

    def __call__(self, activation: jax.Array) -> jax.Array:
        return jnp.moveaxis(activation, 0, -1)


def draw_filters(
    network: Network,
    crops: Mapping[str, ClassCrops],
    filters: Mapping[Unit, np.ndarray],
    top: Mapping[Unit, TopCrops],
    images: PictureFolder,
    context: Context,
) -> dict[Unit, dict[int, tuple[Picture, ...]]]:
    """By layer and class, the pictures of each filter that is not silent, by descending activation.

    The network is shown these crops once more, and a map is forgotten when its picture is drawn.
    """
    shown = {unit: _shown(filters[unit], of) for unit, of in top.items()}
    shower = Shower(network, tuple(dict.fromkeys(layer for layer, _ in filters)), _Maps(), context)
    total = sum(len(those) for of_unit in shown.values() for those in of_unit.values())
    made: dict[tuple[str, _Key], Picture] = {}
    with context.progress({"pictures": total}) as advance, ThreadPoolExecutor(context.threads) as pool:
        for name, of_class in crops.items():
            wanted = collections.defaultdict(list)
            for (layer, other), of_unit in shown.items():
                for filter_, those in of_unit.items() if other == name else ():
                    for crop in those:
                        wanted[crop].append((layer, filter_))
            needed = np.isin(np.arange(len(of_class.images)), list(wanted))
            for seen in shower.show(of_class, needed):
                drawing = _Drawing(network, seen, wanted, images)
                for drawn in pool.map(drawing.of_image, drawing.rows.values()):
                    made |= {(name, key): picture for key, picture in drawn.items()}
                    advance("pictures", len(drawn), f"{name} {seen.crops.split}: pictures")
    return {
        (layer, name): {
            filter_: tuple(made[name, (layer, filter_, crop)] for crop in those)
            for filter_, those in of_unit.items()
        }
        for (layer, name), of_unit in shown.items()
    }


def _shown(filters: np.ndarray, top: TopCrops) -> dict[int, list[int]]:
    """By filter that is not silent, its crops."""
    return {
        int(filter_): those[those >= 0].tolist()
        for filter_, those, silent in zip(filters, top.crops, top.silent, strict=True)
        if not silent
    }


class _Drawing:
    """A batch while its crops are drawn; rows: those of each image, so that it is read once."""

    def __init__(self, network: Network, seen: Reduced, wanted: Mapping[int, list[tuple[str, int]]], images):
        self._network, self._seen, self._wanted, self._images = network, seen, wanted, images
        self.rows = collections.defaultdict(list)
        for row, number in enumerate(seen.batch.index.tolist()):
            self.rows[int(seen.crops.image_index[number])].append(row)

    def of_image(self, rows: list[int]) -> dict[_Key, Picture]:
        """The pictures of these rows, which are of one image."""
        seen, crops, drawn = self._seen, self._seen.crops, {}
        numbers, side = seen.batch.index[rows].tolist(), self._images.side
        pixels = crops.images[crops.image_index[numbers[0]]].source.read()
        for row, number in zip(rows, numbers, strict=True):
            box, fill = crops.object_boxes[number], self._network.preprocessing.mean
            plain = view(pixels, box, crops.size, side, fill)
            name = self._images.keep(plain)
            for layer, filter_ in self._wanted[seen.first + number]:
                activation, field = seen.reduced[layer][..., filter_, row], self._network.fields[layer]
                inside = region(activation, field, crops.size, side)
                shown = self._images.keep(highlighted(plain, inside))
                drawn[layer, filter_, seen.first + number] = Picture(name, shown)
        return drawn
