"""Every objective that sees image labels alone learns what is there, and where: squares on noise."""

import numpy as np
import optax
import pytest
from flax import nnx

from partsjax.networks import as_network
from partsjax.networks.heads import head_for
from partsjax.networks.initial import initial_weights
from partsjax.supervision.examples import ImageTruth
from partsjax.supervision.objectives import OBJECTIVES
from tests.tiny_objectives import HEADLESS, SIDE

pytestmark = pytest.mark.slow


def squares(images: int, seed: int) -> tuple[np.ndarray, ImageTruth, np.ndarray, np.ndarray]:
    """Pictures, their truth and 12 windows each, one of them right for each square (the rest random)."""
    random = np.random.default_rng(seed)
    pixels = random.normal(0, 0.3, (images, SIDE, SIDE, 3)).astype(np.float32)
    labels = np.zeros((images, 2), bool)
    boxes, classes = [], []
    for i in range(images):
        shown = [0, 1] if random.random() < 0.2 else [int(random.integers(2))]
        places = random.permutation(4)[: len(shown)]
        mine = []
        for c, place in zip(shown, places, strict=True):
            x, y = 16 * (place % 2) + random.integers(0, 5), 16 * (place // 2) + random.integers(0, 5)
            pixels[i, y : y + 12, x : x + 12] += np.float32([2, -1, 0] if c == 0 else [-1, 2, 0])
            mine.append(np.float32([x, y, x + 12, y + 12]) / SIDE)
        labels[i, shown] = True
        boxes.append(np.array(mine))
        classes.append(np.array(shown))
    corners = np.sort(random.random((images, 12, 2, 2)), axis=2).astype(np.float32).reshape(images, 12, 4)
    for i, mine in enumerate(boxes):
        corners[i, : len(mine)] = mine
    return pixels, ImageTruth(labels, tuple(boxes), tuple(classes)), corners, np.ones((images, 12), bool)


@pytest.mark.parametrize("name", ["image", "mil", "cam", "wsddn"])
def test_learns_from_labels_alone_what_is_there_and_where(name):
    objective = OBJECTIVES[name]
    architecture = head_for(HEADLESS, name, objective.scores(2))
    network = as_network(architecture, initial_weights(architecture, 0)).module()
    objective.extend(network, 0)
    (pixels, train, windows, valid), (unseen, val, val_windows, val_valid) = squares(48, 0), squares(32, 1)
    batch = {"images": pixels, "labels": train.labels, "windows": windows, "valid": valid}
    optimizer = nnx.Optimizer(network, optax.adam(0.005), wrt=nnx.Param)

    @nnx.jit
    def step(network, optimizer):
        gradients = nnx.grad(lambda network: objective.losses(network, batch, None).mean())(network)
        optimizer.update(network, gradients)

    for _ in range(100):
        step(network, optimizer)
    seen = {"images": unseen, "windows": val_windows, "valid": val_valid}
    found = objective.metrics(objective.outputs(network, seen), val)
    chance = objective.baselines(train, val)
    assert found.keys() == chance.keys()
    assert objective.headline in found
    assert found["map"] > 0.95 > chance["map"]
    if name != "image":
        assert found["pointing"] > 0.8 > chance["pointing"]
    if name == "wsddn":  # whose windows hold the right boxes
        assert found["corloc"] > 0.8 > chance["corloc"]
