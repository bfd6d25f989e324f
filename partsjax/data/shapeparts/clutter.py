"""What surrounds a shapeparts figure and is not annotated: scenery, distractors and occluders."""

import numpy as np

from partsjax.data.shapeparts.forms import (
    Shape,
    blob,
    capsule,
    ellipse,
    fit_into,
    leaf,
    rotate,
    rounded_box,
    star,
)
from partsjax.data.shapeparts.scene import FIGURES, Scene


def backdrop(rng: np.random.Generator, scene: Scene) -> None:
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
                ellipse(np.add(at, (size * dx, -size * dy)), size * r, size * r)
                for dx, dy, r in ((-1, 0, 0.7), (0, 0.4, 1), (1.1, 0, 0.75))
            ]
            scene.shapes.append(
                Shape(
                    [
                        *puffs,
                        capsule(
                            np.subtract(at, (size * 1.2, -size * 0.4)),
                            np.add(at, (size * 1.3, size * 0.4)),
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


def scatter(rng: np.random.Generator, scene: Scene, object_class: str) -> None:
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
            rotate(shapes, u(0, 360))
            fit_into(shapes, middle, extent)
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
    root, tuft = np.add(middle, (0, radius)), []
    for k, lean in enumerate(np.linspace(-50, 50, 5)):
        blade = leaf(root, 90 + lean + u(-12, 12), radius * u(1.4, 2.2), radius * 0.5)
        tuft.append(Shape([blade], "coat2" if k % 2 else "coat", look=look))
    return tuft


def occlude(rng: np.random.Generator, scene: Scene, box) -> None:
    """One or two things in front of the figure in `box`."""
    low, extent = box[:2], box[2:] - box[:2]
    for _ in range(rng.integers(1, 3)):
        middle = low + extent * rng.uniform(0.05, 0.95, 2)
        scene.shapes += _ornament(rng, scene, middle, extent.max() * rng.uniform(0.09, 0.17))
