"""Writes activations.npz: what torch computes from the embedded ImageNet weights.

    PYTHONPATH=. python tests/networks/reference/make.py

Needs torch. Run once, on a machine of any kind; the tests then compare without torch.
"""

import math
import pathlib

import numpy as np

from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.weights.imagenet import read_imagenet

SIDES = {"alexnet": 224, "vgg16": 112}
STRIDES_AND_PADS = {"alexnet": ((4, 2), (1, 2), (1, 1), (1, 1), (1, 1)), "vgg16": ((1, 1),) * 13}
POOLS = {"alexnet": (3, (1, 2, 5)), "vgg16": (2, (2, 4, 7, 10, 13))}
"""Network -> side of the windows, and the convolutions after which there is pooling, from 1."""


def image(side: int) -> np.ndarray:
    """A smooth coloured pattern with a disc, float32 [1, side, side, 3], about -2 to 2."""
    y, x = np.mgrid[:side, :side] / 224
    waves = [np.sin(40 * x * (c + 1) + 9 * y * y) + np.cos(23 * y - 5 * c * x) for c in range(3)]
    disc = ((x - 0.3) ** 2 + (y - 0.25) ** 2 < 0.03).astype(float)
    return (np.stack(waves, -1) * (1 - disc[..., None]) + 1.5 * disc[..., None])[None].astype(np.float32)


def sample(activation: np.ndarray) -> np.ndarray:
    """About 1,000 values of [1, H, W, F], spread over the map and over all filters."""
    flat = activation.reshape(-1)
    step = max(1, flat.size // 1000)
    while math.gcd(step, activation.shape[-1]) > 1:
        step += 1
    return flat[::step]


def main() -> None:
    import torch
    from torch.nn import functional

    kept = {}
    for name, side in SIDES.items():
        net = ARCHITECTURES[name]
        tensors = read_imagenet(net).tensors
        window, pooled = POOLS[name]
        x = torch.tensor(image(side)).permute(0, 3, 1, 2)
        for index, (layer, (stride, pad)) in enumerate(
            zip(net.convolutions, STRIDES_AND_PADS[name], strict=True)
        ):
            kernel = torch.tensor(tensors[f"Conv_{index}/kernel"]).permute(3, 2, 0, 1)
            bias = torch.tensor(tensors[f"Conv_{index}/bias"])
            x = torch.relu(functional.conv2d(x, kernel, bias, stride, pad))
            kept[f"{name}/{layer.name}"] = sample(x.permute(0, 2, 3, 1).numpy())
            if index + 1 in pooled:
                x = functional.max_pool2d(x, window, 2)
    np.savez_compressed(pathlib.Path(__file__).with_name("activations.npz"), **kept)


if __name__ == "__main__":
    main()
