"""A posed figure: its shapes in the order they are painted, and which part each belongs to."""

import numpy as np

from partsjax.data.shapeparts.forms import Shape, ellipse, polar


class Body:
    """A figure under construction, in its own units.

    Attributes:
      shapes: back to front.
      instances: part name of every part instance; a shape's `instance` is an index into it.
    """

    def __init__(self):
        self.shapes: list[Shape] = []
        self.instances: list[str] = []

    def part(self, name: str) -> int:
        """Begins a new instance of a part; returns its number."""
        self.instances.append(name)
        return len(self.instances) - 1

    def add(self, polygons, role: str, instance: int = -1) -> None:
        """Paints a polygon, or the union of a list of them, over what is there."""
        polygons = polygons if isinstance(polygons, list) else [polygons]
        self.shapes.append(Shape(polygons, role, instance))

    def eye(self, centre, radius: float, gaze: float, role: str = "white") -> None:
        """An eye that looks towards `gaze` (degrees)."""
        eye = self.part("eye")
        self.add(ellipse(centre, radius, radius), role, eye)
        pupil = centre + polar(gaze, radius * 0.25)
        self.add(ellipse(pupil, radius * 0.6, radius * 0.6), "pupil", eye)
        glint = np.add(pupil, (-radius * 0.18, -radius * 0.2))
        self.add(ellipse(glint, radius * 0.2, radius * 0.2), "white", eye)

    def only(self, instance: int) -> list[Shape]:
        """The shapes of one part instance."""
        return [shape for shape in self.shapes if shape.instance == instance]

    def bounds(self) -> np.ndarray:
        """float64 [4], `xyxy` of all vertices."""
        points = np.concatenate([p for shape in self.shapes for p in shape.polygons])
        return np.concatenate([points.min(axis=0), points.max(axis=0)])
