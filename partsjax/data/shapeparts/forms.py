"""Outlines that shapeparts is drawn with: closed polygons in the plane, y pointing down.

Every function returns float64 [n, 2] vertices (x, y) in the units of its arguments. All drawing and
all truth come from these polygons.
"""

import dataclasses
import math

import numpy as np

_VERTICES = 28
_TURN = np.arange(_VERTICES) * (2 * math.pi / _VERTICES)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_QUARTERS = np.linspace(-math.pi / 2, math.pi / 2, 13)
_BOW = np.stack([np.cos(_QUARTERS), np.sin(_QUARTERS)], axis=1)


@dataclasses.dataclass(slots=True)
class Shape:
    """One thing drawn in one color.

    Attributes:
      polygons: their union is the shape; float64 [n, 2] each.
      role: what the color means on its owner: "coat", "pupil", "glass", ...
      instance: number of the part instance it belongs to; -1 for what is no part.
      look: number of the palette it is colored from.
    """

    polygons: list[np.ndarray]
    role: str
    instance: int = -1
    look: int = 0


def polar(degrees: float, radius: float) -> np.ndarray:
    """The vector of a length in a direction, counter-clockwise as seen, 90 being up: [2]."""
    angle = math.radians(degrees)
    return np.array([math.cos(angle) * radius, -math.sin(angle) * radius])


def ellipse(centre, rx: float, ry: float, degrees: float = 0.0) -> np.ndarray:
    """An ellipse, its x axis turned to `degrees`."""
    return turned(_CIRCLE * (rx, ry), degrees) + centre


def rounded_box(centre, width: float, height: float, degrees: float = 0.0, power: float = 5.0) -> np.ndarray:
    """A rectangle with soft corners: the superellipse |2x/width|^p + |2y/height|^p = 1."""
    corners = np.sign(_CIRCLE) * np.abs(_CIRCLE) ** (2 / power)
    return turned(corners * (width / 2, height / 2), degrees) + centre


def polygon(centre, points, degrees: float = 0.0) -> np.ndarray:
    """A polygon given by points relative to its center, turned to `degrees`."""
    return turned(np.asarray(points, float), degrees) + centre


def capsule(start, end, start_radius: float, end_radius: float) -> np.ndarray:
    """Two circles and what lies between them."""
    axis = np.subtract(end, start)
    heading = math.degrees(math.atan2(-axis[1], axis[0]))
    bow = turned(_BOW, heading)
    return np.concatenate([bow * end_radius + end, start - bow * start_radius])


def chain(points, radii) -> list[np.ndarray]:
    """A limb through joints: a capsule between each two neighbors."""
    return [capsule(points[i], points[i + 1], radii[i], radii[i + 1]) for i in range(len(points) - 1)]


def curved(start, headings, step: float) -> list[np.ndarray]:
    """Points of a path that starts at `start` and goes `step` in each of the headings (degrees)."""
    points = [np.asarray(start, float)]
    for heading in headings:
        points.append(points[-1] + polar(heading, step))
    return points


def leaf(root, degrees: float, length: float, width: float) -> np.ndarray:
    """A pointed leaf (an ear, a feather) growing from `root`."""
    along = np.array([0, 0.12, 0.35, 0.6, 0.82, 1, 0.82, 0.6, 0.35, 0.12]) * length
    across = np.array([0, 0.34, 0.5, 0.42, 0.22, 0, -0.22, -0.42, -0.5, -0.34]) * width
    return turned(np.stack([along, across], axis=1), degrees) + root


def star(centre, outer: float, inner: float, points: int, degrees: float = 0.0) -> np.ndarray:
    """A star; also a gear, a flower or a wheel's spokes."""
    turn = np.arange(2 * points) * (math.pi / points)
    radius = np.where(np.arange(2 * points) % 2, inner, outer)[:, None]
    return turned(np.stack([np.cos(turn), np.sin(turn)], axis=1) * radius, degrees) + centre


def blob(rng: np.random.Generator, centre, radius: float, roughness: float = 0.25) -> np.ndarray:
    """A smooth pebble: a circle whose radius swells three random waves round."""
    phases = rng.uniform(0, 2 * math.pi, 3)
    heights = rng.uniform(0, roughness, 3)
    waves = sum(h * np.cos((k + 2) * _TURN + p) for k, (h, p) in enumerate(zip(heights, phases, strict=True)))
    return _CIRCLE * (radius * (1 + waves))[:, None] + centre


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    """Points turned about the origin, counter-clockwise as seen."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return points @ np.array([[cos, -sin], [sin, cos]])


def rotate(shapes: list[Shape], degrees: float, scale=(1.0, 1.0)) -> None:
    """Scales each axis, then turns: in place."""
    column, row = polar(degrees, 1.0), polar(degrees - 90, 1.0)
    matrix = np.stack([column * scale[0], row * scale[1]])
    for shape in shapes:
        shape.polygons = [points @ matrix for points in shape.polygons]


def fit_into(shapes: list[Shape], middle, extent: float) -> None:
    """Moves and scales shapes so that their box is centered on `middle`, `extent` long: in place."""
    points = np.concatenate([p for shape in shapes for p in shape.polygons])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = extent / (high - low).max()
    offset = np.asarray(middle) - (low + high) / 2 * scale
    for shape in shapes:
        shape.polygons = [p * scale + offset for p in shape.polygons]
