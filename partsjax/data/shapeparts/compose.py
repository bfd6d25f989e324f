"""Composing a shapeparts scene: the figure posed and placed among scenery, clutter and occluders."""

import numpy as np

from partsjax.data.shapeparts import clutter
from partsjax.data.shapeparts.body import Body
from partsjax.data.shapeparts.forms import Shape, fit_into, rotate
from partsjax.data.shapeparts.scene import FIGURES, Figure, Key, Scene

SIZES = ((320, 280), (320, 280), (280, 320), (300, 300))  # (width, height); landscape as most photographs are


def compose(key: Key) -> Scene:
    """The scene of an image."""
    rng = key.random("layout")
    if key.style == "planted":
        return _compose_planted(key, rng)
    u = rng.uniform
    scene = Scene(SIZES[rng.integers(len(SIZES))])
    width, height = scene.size
    side = min(width, height)
    clutter.backdrop(rng, scene)
    scene.num_backdrop = len(scene.shapes)
    clutter.scatter(rng, scene, key.object_class)
    figure = FIGURES[key.object_class]
    middle = np.array([width * u(0.42, 0.58), height * u(0.44, 0.56)])
    if u() < 0.12:
        far = np.array(
            [width * (u(0.08, 0.25) if middle[0] > width / 2 else u(0.75, 0.92)), height * u(0.25, 0.75)]
        )
        body, turn = _pose(rng, figure, far, side * u(0.35, 0.55))
        scene.add_object(key.object_class, body, turn)
    body, turn = _pose(rng, figure, middle, side * u(0.66, 1.05))
    scene.add_object(key.object_class, body, turn)
    if u() < 0.45:
        clutter.occlude(rng, scene, body.bounds())
    return scene


def _pose(rng: np.random.Generator, figure: Figure, middle, extent: float) -> tuple[Body, float]:
    """A figure posed, turned, mirrored, stretched and scaled to `extent` pixels on its longer side."""
    u = rng.uniform
    body = figure.pose(rng)
    turn, stretch, mirror = u(-figure.turn, figure.turn), np.exp(u(-0.2, 0.2)), -1.0 if u() < 0.5 else 1.0
    rotate(body.shapes, turn, (mirror * stretch, 1 / stretch))
    fit_into(body.shapes, middle, extent)
    return body, turn


def _compose_planted(key: Key, rng: np.random.Generator) -> Scene:
    """One figure on a plain ground, its planted parts in front of the rest and apart.

    Poses are drawn until `_well_apart` (our choice).
    """
    figure = FIGURES[key.object_class]
    scene = Scene(SIZES[0])
    for _ in range(1000):
        body, turn = _pose(rng, figure, np.array(scene.size) / 2, rng.uniform(170, 230))
        if _well_apart(body, figure.planted):
            break
    else:
        raise AssertionError(f"no pose of {key.object_class} keeps its planted parts apart")

    def layer(shape: Shape) -> int:
        name = body.instances[shape.instance] if shape.instance >= 0 else ""
        return 2 if name == "eye" else int(name in figure.planted)

    body.shapes.sort(key=layer)
    scene.add_object(key.object_class, body, turn)
    return scene


def _well_apart(body: Body, planted) -> bool:
    """Whether the planted parts are of moderate size and apart, as `planted`'s filters need them.

    In units of the figure's box: a part spans 0.08 to 0.4 on each axis; instances of one part are
    0.2 and 1.05 times the larger extent apart, center to center; boxes of different planted parts do
    not overlap.
    """
    low, high = np.split(body.bounds(), 2)
    others: list[np.ndarray] = []
    for name in planted:
        boxes = []
        for number in (i for i, n in enumerate(body.instances) if n == name):
            points = np.concatenate([p for shape in body.only(number) for p in shape.polygons])
            boxes.append((np.stack([points.min(axis=0), points.max(axis=0)]) - low) / (high - low))
        extents = np.array([box[1] - box[0] for box in boxes])
        if extents.min() < 0.08 or extents.max() > 0.4:
            return False
        middles = np.array([box.mean(axis=0) for box in boxes])
        gaps = np.linalg.norm(middles[:, None] - middles, axis=-1)[np.triu_indices(len(boxes), 1)]
        if (gaps < max(0.2, 1.05 * extents.max())).any():
            return False
        if any((np.minimum(a[1], b[1]) > np.maximum(a[0], b[0])).all() for a in boxes for b in others):
            return False
        others += boxes
    return True
