"""What a shapeparts image is drawn from, and what it shows before it is painted.

Everything about where things are is drawn from one random stream and everything about color from
another, so that the truth can be had without painting (our choice; the dataset is ours).
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from partsjax.data.shapeparts import animals, machines
from partsjax.data.shapeparts.body import Body
from partsjax.data.shapeparts.forms import Shape

STYLES = ("natural", "planted")
_STREAMS = {"layout": 0, "colours": 1}
_SPLITS = {"train": 0, "val": 1}


@dataclasses.dataclass(frozen=True)
class Figure:
    """An object class: how it is posed, the parts it has, and how far it is turned in the picture.

    turn: degrees either way, uniform. planted: part -> the color (RGB) that belongs to it alone in
    the planted style; two instances of such a part never come close there.
    """

    pose: Callable[[np.random.Generator], Body]
    parts: tuple[str, ...]
    turn: float
    planted: dict[str, tuple[int, int, int]]


FIGURES = {
    "quadruped": Figure(animals.quadruped, animals.QUADRUPED_PARTS, 55, {"head": (255, 0, 0)}),
    "bird": Figure(animals.bird, animals.BIRD_PARTS, 80, {"head": (0, 255, 0)}),
    "robot": Figure(machines.robot, machines.ROBOT_PARTS, 100, {"head": (0, 0, 255), "hand": (255, 255, 0)}),
    "digger": Figure(
        machines.digger, machines.DIGGER_PARTS, 50, {"wheel": (255, 0, 255), "bucket": (0, 255, 255)}
    ),
}


@dataclasses.dataclass(frozen=True)
class Key:
    """What an image is drawn from. Equal keys give equal pixels."""

    seed: int
    split: str
    object_class: str
    index: int
    style: str = "natural"

    def random(self, stream: str) -> np.random.Generator:
        """A generator of this image's own: independent of other images, of order and of process."""
        number = list(FIGURES).index(self.object_class)
        entropy = (
            self.seed,
            _SPLITS[self.split],
            number,
            self.index,
            STYLES.index(self.style),
            _STREAMS[stream],
        )
        return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))


@dataclasses.dataclass(slots=True)
class Scene:
    """Shapes of one image, back to front, in pixels.

    Attributes:
      size: (width, height).
      shapes: the first `num_backdrop` are scenery: no outline, no shadow.
      instances: (object, part name) of each part instance; shapes refer to them by number.
      objects: object class of each annotated figure; `object_of_look`: look -> object, or -1.
      looks: what each palette is for: a class, "clutter" or "backdrop" (always look 0).
      turns: degrees by which each look's figure was turned; its pattern follows.
    """

    size: tuple[int, int]
    shapes: list[Shape] = dataclasses.field(default_factory=list)
    num_backdrop: int = 0
    instances: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    objects: list[str] = dataclasses.field(default_factory=list)
    looks: list[str] = dataclasses.field(default_factory=lambda: ["backdrop"])
    object_of_look: list[int] = dataclasses.field(default_factory=lambda: [-1])
    turns: list[float] = dataclasses.field(default_factory=lambda: [0.0])

    def look(self, kind: str, owner: int = -1, turn: float = 0.0) -> int:
        """Adds a palette; returns its number."""
        self.looks.append(kind)
        self.object_of_look.append(owner)
        self.turns.append(turn)
        return len(self.looks) - 1

    def add_object(self, object_class: str, body: Body, turn: float) -> None:
        """Paints an annotated figure over what is there."""
        owner, first = len(self.objects), len(self.instances)
        look = self.look(object_class, owner, turn)
        self.objects.append(object_class)
        self.instances += [(owner, name) for name in body.instances]
        for shape in body.shapes:
            instance = first + shape.instance if shape.instance >= 0 else -1
            self.shapes.append(Shape(shape.polygons, shape.role, instance, look))
