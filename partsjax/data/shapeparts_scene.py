"""What one shapeparts image shows: figures, clutter and occluders, placed but not yet painted.

Everything about where things are is drawn from one random stream and everything about colour from
another, so that the truth can be had without painting (our choice; the data set is ours).
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from partsjax.data import shapeparts_animals as animals
from partsjax.data import shapeparts_machines as machines
from partsjax.data.shapeparts_body import Body
from partsjax.data.shapeparts_forms import Shape, blob, capsule, ellipse, leaf, polar, rounded_box, star

SIZES = ((320, 280), (320, 280), (280, 320), (300, 300))  # (width, height); landscape is as in photographs
STYLES = ("natural", "planted")
_STREAMS = {"layout": 0, "colours": 1}
_SPLITS = {"train": 0, "val": 1}


@dataclasses.dataclass(frozen=True)
class Figure:
    """An object class: how it is posed, the parts it has, and how far it is turned in the picture.

    turn: degrees either way, uniform. planted: part -> the colour (RGB) that belongs to it alone in
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


def compose(key: Key) -> Scene:
    """The scene of an image."""
    rng = key.random("layout")
    if key.style == "planted":
        return _compose_planted(key, rng)
    u = rng.uniform
    scene = Scene(SIZES[rng.integers(len(SIZES))])
    width, height = scene.size
    side = min(width, height)
    _backdrop(rng, scene)
    scene.num_backdrop = len(scene.shapes)
    _clutter(rng, scene, key.object_class)
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
        _occlude(rng, scene, body.bounds())
    return scene


def _pose(rng: np.random.Generator, figure: Figure, middle, extent: float) -> tuple[Body, float]:
    """A figure posed, turned, mirrored, stretched and scaled to `extent` pixels on its longer side."""
    u = rng.uniform
    body = figure.pose(rng)
    turn, stretch, mirror = u(-figure.turn, figure.turn), np.exp(u(-0.2, 0.2)), -1.0 if u() < 0.5 else 1.0
    turn_to(body.shapes, turn, (mirror * stretch, 1 / stretch))
    fit(body.shapes, middle, extent)
    return body, turn


def turn_to(shapes: list[Shape], degrees: float, scale=(1.0, 1.0)) -> None:
    """Scales each axis, then turns: in place."""
    column, row = polar(degrees, 1.0), polar(degrees - 90, 1.0)
    matrix = np.stack([column * scale[0], row * scale[1]])
    for shape in shapes:
        shape.polygons = [points @ matrix for points in shape.polygons]


def fit(shapes: list[Shape], middle, extent: float) -> None:
    """Moves and scales shapes so that their box is centred on `middle`, `extent` long: in place."""
    points = np.concatenate([p for shape in shapes for p in shape.polygons])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = extent / (high - low).max()
    offset = np.asarray(middle) - (low + high) / 2 * scale
    for shape in shapes:
        shape.polygons = [p * scale + offset for p in shape.polygons]


def _backdrop(rng: np.random.Generator, scene: Scene) -> None:
    """Scenery: hills, clouds, large discs, or none."""
    u, (width, height) = rng.uniform, scene.size
    kind = rng.integers(5)
    if kind == 0:
        level, slope = u(0.45, 0.75), u(-0.15, 0.15)
        scene.shapes.append(Shape([ellipse((width * u(), height * u(0.05, 0.4)), *([u(18, 45)] * 2))], "sun"))
        for k in range(3):
            x = np.linspace(-5, width + 5, 24)
            wave = np.sin(x / u(25, 70) + u(0, 6)) * u(3, 14) + np.sin(x / u(80, 200) + u(0, 6)) * u(5, 20)
            y = height * (level + 0.12 * k) + slope * (x - width / 2) + wave
            corners = [(width + 5, height + 5), (-5, height + 5)]
            scene.shapes.append(Shape([np.concatenate([np.stack([x, y], 1), corners])], f"hill{k}"))
    elif kind == 1:
        for _ in range(rng.integers(2, 6)):
            at, size = np.array([width * u(), height * u()]), u(14, 34)
            puffs = [
                ellipse(at + (size * dx, -size * dy), size * r, size * r)
                for dx, dy, r in ((-1, 0, 0.7), (0, 0.4, 1), (1.1, 0, 0.75))
            ]
            scene.shapes.append(
                Shape(
                    [
                        *puffs,
                        capsule(
                            at - (size * 1.2, -size * 0.4),
                            at + (size * 1.3, size * 0.4),
                            size * 0.35,
                            size * 0.35,
                        ),
                    ],
                    "cloud",
                )
            )
    elif kind == 2:
        for k in range(rng.integers(4, 10)):
            scene.shapes.append(
                Shape([ellipse((width * u(), height * u()), *([u(10, 70)] * 2))], f"hill{k % 3}")
            )
    elif kind == 3:
        for k in range(rng.integers(2, 5)):
            at = np.array([width * u(), height * u()])
            scene.shapes.append(Shape([blob(rng, at, u(40, 110), 0.2)], f"hill{k % 3}"))


def _clutter(rng: np.random.Generator, scene: Scene, object_class: str) -> None:
    """Distractors behind the figure: plain forms, and parts torn off figures of other classes."""
    u, (width, height) = rng.uniform, scene.size
    others = [name for name in FIGURES if name != object_class]
    donor_class = others[rng.integers(len(others))]
    donor = FIGURES[donor_class].pose(rng)
    donor_look = scene.look(donor_class)
    spare = list(rng.permutation(len(donor.instances)))
    for _ in range(rng.integers(1, 6)):
        middle, extent = (width * u(), height * u()), u(22, 62)
        if u() < 0.5:
            shapes = donor.only(spare.pop())
            for shape in shapes:
                shape.instance, shape.look = -1, donor_look
            turn_to(shapes, u(0, 360))
            fit(shapes, middle, extent)
        else:
            shapes = _ornament(rng, scene, middle, extent / 2)
        scene.shapes += shapes


def _ornament(rng: np.random.Generator, scene: Scene, middle, radius: float) -> list[Shape]:
    """A plain thing: pebble, star, plank, ball or a tuft of leaves."""
    u, turn = rng.uniform, rng.uniform(0, 360)
    look = scene.look("clutter", turn=turn)
    kind = rng.integers(5)
    if kind == 0:
        return [Shape([blob(rng, middle, radius * 0.9)], "coat", look=look)]
    if kind == 1:
        points = int(rng.integers(5, 9))
        petals = Shape([star(middle, radius, radius * u(0.45, 0.7), points, turn)], "coat", look=look)
        return [petals, Shape([ellipse(middle, radius * 0.3, radius * 0.3)], "accent", look=look)]
    if kind == 2:
        box = rounded_box(middle, radius * 2, radius * u(0.5, 1.4), turn, 6.0)
        return [Shape([box], "coat", look=look)]
    if kind == 3:
        ball = Shape([ellipse(middle, radius * 0.8, radius * 0.8)], "coat", look=look)
        return [ball, Shape([ellipse(middle, radius * 0.8, radius * 0.25, turn)], "accent", look=look)]
    root, tuft = np.asarray(middle) + (0, radius), []
    for k, lean in enumerate(np.linspace(-50, 50, 5)):
        blade = leaf(root, 90 + lean + u(-12, 12), radius * u(1.4, 2.2), radius * 0.5)
        tuft.append(Shape([blade], "coat2" if k % 2 else "coat", look=look))
    return tuft


def _occlude(rng: np.random.Generator, scene: Scene, box) -> None:
    """One or two things in front of the figure in `box`."""
    low, extent = box[:2], box[2:] - box[:2]
    for _ in range(rng.integers(1, 3)):
        middle = low + extent * rng.uniform(0.05, 0.95, 2)
        scene.shapes += _ornament(rng, scene, middle, extent.max() * rng.uniform(0.09, 0.17))


def _compose_planted(key: Key, rng: np.random.Generator) -> Scene:
    """One figure on a plain ground, its planted parts in front of the rest and apart.

    Poses are drawn until the planted parts are apart and of moderate size relative to the figure;
    the bounds are those that `planted` builds its filters for (our choice).
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
    """Whether planted parts span 12-45% of the figure on both axes, and gaps are twice their breadth."""
    low, high = np.split(body.bounds(), 2)
    for name in planted:
        boxes = []
        for number in (i for i, n in enumerate(body.instances) if n == name):
            points = np.concatenate([p for shape in body.only(number) for p in shape.polygons])
            boxes.append((np.stack([points.min(axis=0), points.max(axis=0)]) - low) / (high - low))
        extents = np.array([box[1] - box[0] for box in boxes])
        if extents.min() < 0.12 or extents.max() > 0.45:
            return False
        middles = np.array([box.mean(axis=0) for box in boxes])
        gaps = np.linalg.norm(middles[:, None] - middles, axis=-1)[np.triu_indices(len(boxes), 1)]
        if (gaps < 2 * extents.max() * 0.75).any():
            return False
    return True
