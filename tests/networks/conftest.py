"""The four networks once more as plain torch modules, and small versions of their tables."""

import dataclasses

import jax
import numpy as np
import pytest

from partsjax.networks.architectures import ARCHITECTURES, Architecture
from partsjax.networks.assembly import as_network
from partsjax.networks.initial import initial_weights
from partsjax.networks.layers import Conv, Dense


def narrow(name: str, *, divide: int = 16, hidden: int = 24, classes: int = 10) -> Architecture:
    """The table of `name` with 1/`divide` of the filters and, for VGG, on smaller images."""
    full = ARCHITECTURES[name]
    layers = tuple(
        dataclasses.replace(layer, features=layer.features // divide) if isinstance(layer, Conv) else layer
        for layer in full.layers
    )
    head = (Dense("fc6", hidden), Dense("fc7", hidden), Dense("fc8", classes, relu=False))
    side = 64 if name.startswith("vgg") else full.input_size
    return dataclasses.replace(full, layers=layers, head=head, input_size=side)


@pytest.fixture(scope="session")
def small():
    """`small(name)`: a narrow table of that network, complete with three dense layers."""
    return narrow


@pytest.fixture(scope="session")
def weights_for():
    """`weights_for(table, seed=0)`: random weights whose biases are not zero."""

    def make(table: Architecture, seed: int = 0) -> dict[str, np.ndarray]:
        draws = np.random.default_rng(seed)
        weights = initial_weights(table, seed)
        biases = {name for name in weights if name.endswith("/bias")}
        return {
            name: draws.normal(0, 0.1, value.shape).astype(np.float32) if name in biases else value
            for name, value in weights.items()
        }

    return make


@pytest.fixture(scope="session")
def forward():
    """`forward(table, weights, images, layers)`: what the jitted network returns, as NumPy arrays."""

    def run(table, weights, images, layers, dtype="float32"):
        network = as_network(table, weights, dtype)
        outputs = jax.jit(network.apply, static_argnums=2)(network.params, images, tuple(layers))
        return {name: np.asarray(value) for name, value in outputs.items()}

    return run


@pytest.fixture(scope="session")
def images_for():
    """`images_for(table, count=2)`: normal images of the table's size."""

    def make(table: Architecture, count: int = 2) -> np.ndarray:
        shape = (count, table.input_size, table.input_size, 3)
        return np.random.default_rng(7).standard_normal(shape, np.float32)

    return make


def _torch_features(nn, name: str, widths) -> list:
    """The convolutional part, written from the networks' own definitions, not from our tables."""
    if name == "alexnet":
        a, b, c, d, e = widths
        return [
            nn.Conv2d(3, a, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(a, b, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(b, c, 3, padding=1), nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1), nn.ReLU(),
            nn.Conv2d(d, e, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        ]  # fmt: skip
    if name == "caffenet":
        a, b, c, d, e = widths
        pool = {"kernel_size": 3, "stride": 2, "ceil_mode": True}
        norm = {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 1.0}
        return [
            nn.Conv2d(3, a, 11, stride=4), nn.ReLU(), nn.LocalResponseNorm(**norm), nn.MaxPool2d(**pool),
            nn.Conv2d(a, b, 5, padding=2, groups=2), nn.ReLU(), nn.LocalResponseNorm(**norm),
            nn.MaxPool2d(**pool),
            nn.Conv2d(b, c, 3, padding=1), nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1, groups=2), nn.ReLU(),
            nn.Conv2d(d, e, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(**pool),
        ]  # fmt: skip
    plan = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}[name]
    modules, channels = [], 3
    for depth, width in zip(plan, widths, strict=True):
        for _ in range(depth):
            modules += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        modules.append(nn.MaxPool2d(2, 2))
    return modules


@pytest.fixture(scope="session")
def torch_network():
    """`torch_network(name, widths, flat, hidden, classes)`: a torchvision-like module, in eval mode.

    Its modules are `features` and `classifier`, numbered as torchvision numbers them.
    """
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Plain(nn.Module):
        def __init__(self, name, widths, flat, hidden, classes):
            super().__init__()
            self.features = nn.Sequential(*_torch_features(nn, name, widths))
            dense = [nn.Linear(flat, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, classes)]
            if name.startswith("vgg"):
                order = [dense[0], nn.ReLU(), nn.Dropout(), dense[1], nn.ReLU(), nn.Dropout(), dense[2]]
            else:
                order = [nn.Dropout(), dense[0], nn.ReLU(), nn.Dropout(), dense[1], nn.ReLU(), dense[2]]
            self.classifier = nn.Sequential(*order)

        def forward(self, x):
            return self.classifier(torch.flatten(self.features(x), 1))

        def named(self, x):
            """Activations after every ReLU of `features`, in order, and the scores."""
            found = []
            for module in self.features:
                x = module(x)
                if isinstance(module, nn.ReLU):
                    found.append(x.permute(0, 2, 3, 1).numpy().copy())
            return found, self.classifier(torch.flatten(x, 1)).numpy()

    def build(name, widths, flat, hidden, classes, seed=0):
        torch.manual_seed(seed)
        return Plain(name, widths, flat, hidden, classes).eval()

    return build
