"""`mil` and `cam`: where each class is, from image-level labels alone, by a score at every place."""

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.networks.heads import CLASS_MAPS, CLASS_SCORES
from partsjax.supervision.localisation import localise
from partsjax.supervision.metrics import at_every_image, centred_box, corloc, pointing
from partsjax.supervision.objectives.images import ImageLabels
from partsjax.supervision.regions import bilinear_weights


class ClassMaps(ImageLabels):
    """A fully convolutional network whose class maps are pooled to one score per class.

    By the maximum under `mil` (multiple-instance learning: an image holds a class where at least
    one place does; Oquab et al. 2015), by the mean under `cam` (class activation maps, Zhou et al.
    2016: pooling the last features and then a linear layer is that layer at every place and then
    pooling). The loss is `ImageLabels`'s; the head knows the pooling.
    """

    headline = "corloc"

    def __init__(self, name: str):
        self.name = name

    def outputs(self, network, batch) -> dict[str, jax.Array]:
        """Scores [B, C], and class maps [B, h, w, C] whose cells tile the image."""
        found = network.classify(batch["images"], (CLASS_SCORES, CLASS_MAPS))
        return {
            CLASS_SCORES: found[CLASS_SCORES],
            CLASS_MAPS: over_image(found[CLASS_MAPS], network.table.side),
        }

    def metrics(self, outputs, truth) -> dict[str, float]:
        boxes, points = localise(np.asarray(outputs[CLASS_MAPS]), truth.labels)
        return super().metrics(outputs, truth) | whereabouts(boxes, points, truth)

    def baselines(self, train, truth) -> dict[str, float]:
        return super().baselines(train, truth) | central(train, truth)


def whereabouts(boxes: np.ndarray, points: np.ndarray, truth) -> dict[str, float]:
    """The metrics of localization: boxes [I, C, 4], points [I, C, 2], as fractions of the image."""
    return {"corloc": corloc(boxes, truth), "pointing": pointing(points, truth)}


def central(train, truth) -> dict[str, float]:
    """The metrics of localization for `centred_box` of the train split and for the image's center."""
    box, centre = centred_box(train), np.full(2, 0.5, np.float32)
    return whereabouts(at_every_image(box, truth), at_every_image(centre, truth), truth)


def over_image(class_maps: jax.Array, side: int) -> jax.Array:
    """Class maps of a sliding head laid out over the image.

    A head of side x side cells has h positions on a map of h + side - 1 cells, and its first
    position lies side / 2 cells inside that map, not half a cell. Read bilinearly at the cells of
    that map, and continued as it ends, it covers the image.

    Args:
      class_maps: [B, h, w, C]; side: of what the head sees at once.

    Returns:
      [B, h + side - 1, w + side - 1, C]; for a side of 1 the maps themselves.
    """
    if side == 1:
        return class_maps
    rows, columns = (
        bilinear_weights(jnp.arange(cells + side - 1) + 0.5 - (side - 1) / 2, cells)
        for cells in class_maps.shape[1:3]
    )
    return jnp.einsum("ih,jw,bhwc->bijc", rows, columns, class_maps)
