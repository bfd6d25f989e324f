"""What intervals are worth: how often each end lies on the wrong side of the truth, nominally 2.5%.

    python -m benchmarks.intervals [DIR CLASS ...]

On simulated images with a known truth; and on real detections, those of the best sets of AlexNet's conv5,
ImageNet weights, of the parts of a CLASS of DIR, a folder of photographs in COCO JSON. There all held-out
images are taken for the truth, and sets of images are drawn from them with replacement. Parts count whose
sets have an AP over 0.05 in truth.
"""

import dataclasses
import sys
from collections.abc import Iterator

import numpy as np

from benchmarks.combination import stimuli_of
from partsjax.data.crops import class_crops
from partsjax.data.loading import load_dataset
from partsjax.emergence.bootstrap import RESAMPLES, Resampled
from partsjax.emergence.combination import Search
from partsjax.emergence.evidence import examine
from partsjax.emergence.ground import Ground
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.method import Method
from partsjax.emergence.nearest import PLACE_PRIOR
from partsjax.emergence.ranked import RankedLayer, union
from partsjax.emergence.regression import Geometry
from partsjax.emergence.scoring import score_layer
from partsjax.networks import load_network
from partsjax.ops.average_precision import Curve
from tests.emergence import simulated

LAYER, MIN_AP = "conv5", 0.05
SIMULATED = {60: 2000, 120: 2000, 400: 500}  # images in a set: how many sets
REAL = {120: 200, 400: 120}


@dataclasses.dataclass(frozen=True)
class RealPart:
    """A part's set of filters, and the place prior in each of its random orders, on all held-out images."""

    name: str
    filters: Curve
    prior: Curve

    @property
    def images(self) -> int:
        return len(self.filters.positives)

    @property
    def truth(self) -> np.ndarray:
        """AP of the set, and its excess over the place prior."""
        ap = self.filters.average_precision()
        return np.array([ap, ap - self.prior.average_precision()])

    def on_one_set(self, images: int, number: int) -> list[Resampled]:
        """The same on images drawn with replacement, with their resamples."""
        random = np.random.default_rng((images, number))
        drawn = random.multinomial(images, np.full(self.images, 1 / self.images))
        again = random.multinomial(images, drawn / images, RESAMPLES).T.astype(np.float32)
        ap, prior = (
            Resampled(c.average_precision(drawn[:, None].astype(np.float32))[0], c.average_precision(again))
            for c in (self.filters, self.prior)
        )
        return [ap, ap - prior]


def real_parts(data_dir: str, object_class: str) -> Iterator[RealPart]:
    """The parts of one class whose sets have an AP over `MIN_AP`."""
    network, method = load_network("alexnet", "imagenet"), Method()
    dataset = load_dataset("coco_parts", data_dir, classes=[object_class])
    crops = [class_crops(dataset, object_class, split, network.input_size) for split in ("train", "val")]
    stimuli = tuple(stimuli_of(network, of_split) for of_split in crops)
    ground = Ground(*crops, method, 0)
    data = LayerData(
        LAYER, stimuli, ground, Geometry.of(network.fields[LAYER], stimuli[0].columns, network.input_size)
    )
    scores, found = score_layer(stimuli, [of_split.truth for of_split in crops], data.geometry, method)
    ranked = RankedLayer(stimuli[1].scores)
    for part, verdict in enumerate(examine(data, scores, found, [Search()], 0, null=True).verdicts):
        if not verdict.combination_ap_val.value > MIN_AP:
            continue
        positives = ground.positives(part)
        of_set = union(ranked.part(found.val[:, part], positives), verdict.combination)
        of_prior = ground.judge_unseen(ground.detected(PLACE_PRIOR, part)[1], part)
        yield RealPart(
            f"{object_class}'s {verdict.part}",
            ground.curve(of_set, positives),
            ground.curve_of_orders(of_prior, positives),
        )


def rates(wrong: simulated.Errors, figure: int) -> list[float]:
    """In percent, in the order of the table's columns."""
    return [
        100 * float(np.mean(getattr(wrong, name)[:, figure]))
        for name in ("plain_low", "plain_high", "low", "high", "above")
    ]


def row(*cells) -> str:
    return f"| {' | '.join(cells)} |"


def table(*where: str) -> str:
    """where: DIR and classes."""
    lines = [
        row("", "images", "percentiles: lower", "upper", "bias-corrected: lower", "upper", "p <= 5%"),
        row(*["---"] * 7),
    ]
    known = simulated.truth()
    for images, sets in SIMULATED.items():
        wrong = simulated.errors([simulated.on_one_set(images, n) for n in range(sets)], known)
        for figure, name in enumerate(simulated.FIGURES):
            lines.append(row(f"simulated: {name}", str(images), *(f"{r:.1f}" for r in rates(wrong, figure))))
    data_dir, *classes = where or (None,)
    parts = [part for object_class in classes for part in real_parts(data_dir, object_class)]
    for images, sets in REAL.items() if parts else ():
        wrong = [
            simulated.errors([part.on_one_set(images, n) for n in range(sets)], part.truth) for part in parts
        ]
        for figure, name in enumerate(("AP", "excess over the place prior")):
            of_parts = np.array([rates(w, figure) for w in wrong])
            for part, found in zip(parts, of_parts, strict=True):
                print(part.name, part.truth, images, name, found, file=sys.stderr)
            lines.append(
                row(f"{len(parts)} parts: {name}", str(images), *(f"{r:.1f}" for r in of_parts.mean(axis=0)))
            )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(*sys.argv[1:]))
