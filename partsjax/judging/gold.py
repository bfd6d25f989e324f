"""Items whose answer is known: gold ones, which say how careful a rater is, and those to practice on.

Concepts are clear: parts of drawn objects, and blobs of one color or texture on the run's own crops. In noise
the regions lie anywhere, half of them on drawn objects, so that nothing is common to them. (Our choice.)
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy import ndimage

from partsjax.data.crops import Crops, class_crops
from partsjax.data.shapeparts import CLASSES, read_shapeparts
from partsjax.data.views import view
from partsjax.judging.items import PICTURES, Answer

_CROP = 224  # pixels of a drawn object's crop
_LEAST = 0.005  # of a crop's area that a drawn part has
_SMOOTH = 0.035  # of the side of a crop: by how much regions are rounder than what is drawn
_COARSE = 48  # pixels of what makes a blob's border waver
_NOISY = 1 / 3  # of the size of a blob: how much its border wavers

_Drawn = tuple[np.ndarray, np.ndarray]  # picture, uint8 [S, S, 3], and region, bool [S, S]


@dataclasses.dataclass(frozen=True)
class Known:
    """An item whose answer is known, its pictures as arrays."""

    purpose: str
    truth: Answer
    accepted: tuple[str, ...]
    explanation: str
    pictures: tuple[_Drawn, ...]


def known_items(scenes: Sequence[np.ndarray], side: int, seed: int) -> list[Known]:
    """Gold items, then those of practice.

    Args:
      scenes: pictures that are no filter's in particular, uint8 [side, side, 3], to draw on: at least one.
      side: of the pictures. seed: of all that is drawn.
    """
    makers = _Makers(scenes, side, seed)
    return [
        Known(purpose, truth, accepted, explanation, tuple(makers.drawn(what, *which, number=number)))
        for number, (purpose, what, which, truth, accepted, explanation) in enumerate(_ITEMS)
    ]


def _is(kind: str, name: str) -> Answer:
    return Answer(True, kind, name, 3)


_NOTHING = Answer(False, None, "", 3)
_ITEMS = (
    ("gold", "parts", ("digger", "wheel"), _is("part", "wheel"), ("wheels", "tire", "tyre"), ""),
    ("gold", "parts", ("bird", "wing"), _is("part", "wing"), ("wings", "bird wing"), ""),
    ("gold", "parts", ("quadruped", "leg"), _is("part", "leg"), ("legs", "hoof", "foot"), ""),
    ("gold", "parts", ("robot", "foot"), _is("part", "foot"), ("feet", "shoe", "shoes"), ""),
    ("gold", "colors", ((220, 30, 30),), _is("color", "red"), (), ""),
    ("gold", "colors", ((40, 70, 230),), _is("color", "blue"), (), ""),
    ("gold", "dots", (), _is("texture", "dots"), ("dotted", "polka dots", "spots"), ""),
    ("gold", "checks", (), _is("texture", "checks"), ("checkered", "checkerboard", "chess board"), ""),
    *(("gold", "noise", (), _NOTHING, (), ""),) * 4,
    (
        "practice",
        "parts",
        ("quadruped", "head"),
        _is("part", "head"),
        ("heads", "face", "animal head"),
        "Every region is on the head of an animal: one concept, a part that has a name.",
    ),
    (
        "practice",
        "noise",
        (),
        _NOTHING,
        (),
        "The regions lie on different things, or on nothing in particular: no one concept.",
    ),
    (
        "practice",
        "stripes",
        (),
        _is("texture", "stripes"),
        ("striped", "lines"),
        "Every region is striped. Colors and what is around them differ, so what they share is the texture.",
    ),
    (
        "practice",
        "colors",
        ((40, 190, 60),),
        _is("color", "green"),
        (),
        "Every region is green. Shapes and places differ, so what they share is the color.",
    ),
    (
        "practice",
        "parts",
        ("quadruped", "head", "neck"),
        _is("assembly", "head and neck"),
        ("neck and head", "head with neck"),
        "Every region is on head and neck together: an assembly of parts, not one of them.",
    ),
    (
        "practice",
        "noise",
        (),
        _NOTHING,
        (),
        "There is something in each region, but nothing that all of them share: no one concept.",
    ),
)


class _Makers:
    """Draws the pictures of one item: a method for each kind of them."""

    def __init__(self, scenes: Sequence[np.ndarray], side: int, seed: int):
        self._scenes, self._side, self._seed = scenes, side, seed
        self._datasets = {name: read_shapeparts(seed, [name], per_class=3 * PICTURES) for name in CLASSES}

    def drawn(self, what: str, *which, number: int) -> Iterator[_Drawn]:
        rng = np.random.default_rng([self._seed, 2, number])
        make: Callable[..., Iterator[_Drawn]] = getattr(self, f"_{what}")
        return make(rng, *which)

    def _parts(self, rng: np.random.Generator, object_class: str, *parts: str) -> Iterator[_Drawn]:
        crops = class_crops(self._datasets[object_class], object_class, "train", _CROP)
        left = PICTURES
        _, firsts = np.unique(crops.image_index, return_index=True)
        for n in rng.permutation(firsts):
            masks = [crops.part_masks(n, part) for part in parts]
            if left and all(len(of) and of.any(axis=0).mean() > _LEAST for of in masks):
                left -= 1
                largest = [of[of.sum(axis=(1, 2)).argmax()] for of in masks]
                yield self._picture(crops, n), self._rounded(np.any(largest, axis=0))

    def _picture(self, crops: Crops, n: int) -> np.ndarray:
        pixels = crops.images[crops.image_index[n]].source.read()
        return view(pixels, crops.object_boxes[n], _CROP, self._side, pixels.mean(axis=(0, 1)))

    def _rounded(self, region: np.ndarray) -> np.ndarray:
        smooth = ndimage.gaussian_filter(region.astype(np.float32), _SMOOTH * len(region))
        return self._stretched(smooth) > smooth.max() / 2

    def _stretched(self, values: np.ndarray) -> np.ndarray:
        """[n, n] as [side, side]."""
        return ndimage.zoom(values, self._side / len(values), order=1, grid_mode=True, mode="nearest")

    def _colors(self, rng: np.random.Generator, color) -> Iterator[_Drawn]:
        for scene in self._some(rng):
            shade = np.clip(np.array(color) + rng.integers(-18, 19, 3), 0, 255)
            yield self._on(scene, self._blob(rng), np.broadcast_to(shade, scene.shape))

    def _stripes(self, rng: np.random.Generator) -> Iterator[_Drawn]:
        def pattern(u, v):
            return np.sin(u) > 0

        return self._textures(rng, pattern)

    def _dots(self, rng: np.random.Generator) -> Iterator[_Drawn]:
        def pattern(u, v):
            return np.cos(u) + np.cos(v) > 0.9

        return self._textures(rng, pattern)

    def _checks(self, rng: np.random.Generator) -> Iterator[_Drawn]:
        def pattern(u, v):
            return (np.sin(u) > 0) ^ (np.sin(v) > 0)

        return self._textures(rng, pattern)

    def _textures(self, rng: np.random.Generator, pattern) -> Iterator[_Drawn]:
        for scene in self._some(rng):
            angle, wave = rng.uniform(0, np.pi), self._side / rng.uniform(14, 20)
            y, x = np.mgrid[: self._side, : self._side] * (2 * np.pi / wave)
            u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
            light, dark = rng.integers(170, 256, 3), rng.integers(0, 90, 3)
            yield self._on(scene, self._blob(rng), np.where(pattern(u, v)[..., None], light, dark))

    def _noise(self, rng: np.random.Generator) -> Iterator[_Drawn]:
        half = PICTURES // 2
        drawn = [self._drawn_scene(rng, CLASSES[i % len(CLASSES)]) for i in range(half)]
        scenes = [*drawn, *self._some(rng, PICTURES - half)]
        corners = rng.permutation(PICTURES)  # regions are far from each other, too
        for i in rng.permutation(PICTURES):
            row, column = divmod(int(corners[i]), 4)
            yield scenes[i], self._blob(rng, center=((column + 0.5) / 4, (row + 0.5) / 3))

    def _drawn_scene(self, rng: np.random.Generator, object_class: str) -> np.ndarray:
        crops = class_crops(self._datasets[object_class], object_class, "val", _CROP)
        return self._picture(crops, int(rng.integers(len(crops))))

    def _some(self, rng: np.random.Generator, number: int = PICTURES) -> list[np.ndarray]:
        """Of the scenes; none twice where there are enough."""
        there = len(self._scenes)
        return [self._scenes[i] for i in rng.choice(there, number, replace=there < number)]

    def _blob(self, rng: np.random.Generator, center=None) -> np.ndarray:
        """A region of random shape: bool [side, side]; center: (x, y) in fractions of the side."""
        cx, cy = rng.uniform(0.25, 0.75, 2) if center is None else center
        wide, high = rng.uniform(0.12, 0.22, 2)
        y, x = (np.mgrid[: self._side, : self._side] + 0.5) / self._side
        waver = ndimage.gaussian_filter(rng.standard_normal((_COARSE, _COARSE)), 0.07 * _COARSE)
        waver = self._stretched(waver) * (_NOISY / np.abs(waver).max())
        return ((x - cx) / wide) ** 2 + ((y - cy) / high) ** 2 < (1 + waver) ** 2

    @staticmethod
    def _on(scene: np.ndarray, blob: np.ndarray, painted: np.ndarray) -> _Drawn:
        return np.where(blob[..., None], painted, scene).astype(np.uint8), blob
