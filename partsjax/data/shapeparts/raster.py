"""The id buffer of a shapeparts scene, and the truth read from it.

Shapes are drawn at three times the resolution. A pixel of the image belongs to the shape that covers
its center, which is the middle one of its nine samples; its color is the mean of the nine. So masks
and pixels come from one rasterization.
"""

import numpy as np
from PIL import Image, ImageDraw

from partsjax.data.masks import pack
from partsjax.data.schema import Object, Part
from partsjax.data.shapeparts.forms import Shape
from partsjax.data.shapeparts.scene import Scene

SAMPLES = 3  # per pixel, across and down
VISIBLE = 0.25  # a part is annotated from this share of its pixels on
SMALLEST = 8  # pixels a part must show to be annotated
MOST_SHAPES = 127  # the eighth bit of an id marks outlines


def identify(scene: Scene) -> np.ndarray:
    """uint8 [3 H, 3 W]: 1 + number of the shape on top, 0 where there is none."""
    if len(scene.shapes) > MOST_SHAPES:
        raise AssertionError(f"{len(scene.shapes)} shapes; ids end at {MOST_SHAPES}")
    width, height = scene.size
    image = Image.new("L", (width * SAMPLES, height * SAMPLES))
    draw = ImageDraw.Draw(image)
    for number, shape in enumerate(scene.shapes):
        _fill(draw, shape, number + 1)
    return np.asarray(image)


def _fill(draw: ImageDraw.ImageDraw, shape: Shape, value: int, offset=(0, 0)) -> None:
    for points in shape.polygons:
        # Whole eighths of a sample: a last-bit difference between two machines' sines moves no edge.
        vertices = np.round(points * (8 * SAMPLES)) / 8 - offset
        draw.polygon(vertices.ravel().tolist(), fill=value)


def at_centres(ids: np.ndarray) -> np.ndarray:
    """The ids that own the image's pixels: [H, W]."""
    return ids[SAMPLES // 2 :: SAMPLES, SAMPLES // 2 :: SAMPLES]


def annotate(scene: Scene, ids: np.ndarray) -> tuple[Object, ...]:
    """The figures of a scene with the boxes and masks of what is visible of their parts.

    A part is annotated where at least `VISIBLE` of the pixels it would have with nothing in front,
    inside the image or not, are visible, and at least `SMALLEST` pixels. Boxes are tight.

    Args:
      ids: uint8, from `identify`.
    """
    from scipy import ndimage  # takes long to import

    owner = at_centres(ids)
    instance_of, object_of = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    for number, shape in enumerate(scene.shapes):
        instance_of[number + 1] = shape.instance + 1
        object_of[number + 1] = scene.object_of_look[shape.look] + 1
    instances = instance_of[owner]
    parts: list[list[Part]] = [[] for _ in scene.objects]
    windows = ndimage.find_objects(instances, max_label=len(scene.instances))
    for number, ((figure, name), window) in enumerate(zip(scene.instances, windows, strict=True)):
        if window is None:
            continue
        rows, columns = window
        mask = instances[window] == number + 1
        if not _shown(scene, number, int(np.count_nonzero(mask)), mask.size):
            continue
        box = (columns.start, rows.start, columns.stop, rows.stop)
        packed = pack(mask, (0, 0, mask.shape[1], mask.shape[0]))
        parts[figure].append(Part(name, tuple(float(v) for v in box), packed))
    figures = []
    for number, window in enumerate(ndimage.find_objects(object_of[owner], max_label=len(scene.objects))):
        if window is not None:
            rows, columns = window
            box = tuple(float(v) for v in (columns.start, rows.start, columns.stop, rows.stop))
            figures.append(Object(scene.objects[number], box, tuple(parts[number])))
    return tuple(figures)


def _shown(scene: Scene, instance: int, visible: int, window: int) -> bool:
    if visible < SMALLEST:
        return False
    shapes = [shape for shape in scene.shapes if shape.instance == instance]
    points = np.concatenate([p for shape in shapes for p in shape.polygons])
    low = np.floor(points.min(axis=0)).astype(int) - 1
    width, height = (int(v) for v in np.ceil(points.max(axis=0)).astype(int) + 2 - low)
    if visible >= VISIBLE * width * height:  # it fills that much even of its box
        return True
    image = Image.new("L", (width * SAMPLES, height * SAMPLES))
    draw = ImageDraw.Draw(image)
    for shape in shapes:
        _fill(draw, shape, 1, low * SAMPLES)
    return visible >= VISIBLE * np.count_nonzero(at_centres(np.asarray(image)))
