"""Forward pass of the convolutions, ours against PyTorch's: same batch, same weights, same run.

    python -m benchmarks.forward

PyTorch runs channels_last, its faster layout here, in inference mode. The two take turns, and the
ratio is the median over the rounds of PyTorch's time by ours, so that other load on the machine
falls on both. Aim: 0.8 or better. Needs torch.
"""

import statistics
import time
from collections.abc import Callable

import jax
import numpy as np

from benchmarks.sections import Section, publish
from partsjax.networks.architectures import ARCHITECTURES, Architecture
from partsjax.networks.assembly import as_network
from partsjax.networks.devices import shardings
from partsjax.networks.layers import Conv, MaxPool
from partsjax.networks.weights.convert import convert
from partsjax.networks.weights.imagenet import read_imagenet

BATCHES = {"alexnet": 32, "vgg16": 8}


def section(data_dir: str | None = None, rounds: int = 9) -> Section:
    """One row a network; data_dir: not used."""
    import torch

    header = ("network, to its last convolution (batch)", "ours, images/s")
    header += (f"PyTorch {torch.__version__}, images/s", "ratio, PyTorch's time / ours (quartiles)")
    rows, seconds = [f"| {' | '.join(header)} |", "|---|---|---|---|"], {}
    for name, batch in BATCHES.items():
        ours, theirs = seconds[name] = measure(name, batch, rounds)
        ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        rows.append(
            f"| {name} ({batch}) | {batch / statistics.median(ours):.1f} "
            f"| {batch / statistics.median(theirs):.1f} | {middle:.2f} ({low:.2f} to {high:.2f}) |"
        )
    return Section("Forward pass, against PyTorch channels_last", "\n".join(rows), seconds)


def measure(name: str, batch: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each round's forward pass, ours and PyTorch's, after one round that is not counted."""
    found = convert(read_imagenet(ARCHITECTURES[name]), ARCHITECTURES[name])
    net, weights = found.architecture, found.weights
    images = np.random.default_rng(0).standard_normal((batch, net.input_size, net.input_size, 3), np.float32)
    runs = (_ours(net, weights, images), _torchs(net, weights, images))
    results = [run() for run in runs]
    difference = np.abs(results[0] - results[1]).max() / np.abs(results[1]).max()
    if difference > 1e-4:
        raise AssertionError(f"{name}: the two networks differ by {difference:.1e} of the largest activation")
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for run, times in zip(runs, seconds, strict=True):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
    return seconds


def _ours(net: Architecture, weights: dict, images: np.ndarray) -> Callable[[], np.ndarray]:
    network = as_network(net, weights)
    last = net.convolutions[-1].name
    forward = jax.jit(lambda params, images: network.apply(params, images, (last,))[last])
    by_image, everywhere = shardings()
    on_device, params = jax.device_put(images, by_image), jax.device_put(network.params, everywhere)
    return lambda: np.asarray(forward(params, on_device))


def _torchs(net: Architecture, weights: dict, images: np.ndarray) -> Callable[[], np.ndarray]:
    import torch
    from torch.nn import functional

    device = "cuda" if jax.default_backend() == "gpu" and torch.cuda.is_available() else "cpu"
    last = net.convolutions[-1].name

    def tensor(value: np.ndarray, *order: int):
        value = torch.tensor(value, device=device)
        return value.permute(order).contiguous(memory_format=torch.channels_last) if order else value

    kernels = {c.name: tensor(weights[f"{c.name}/kernel"], 3, 2, 0, 1) for c in net.convolutions}
    biases = {c.name: tensor(weights[f"{c.name}/bias"]) for c in net.convolutions}
    batch = tensor(images, 0, 3, 1, 2)

    @torch.inference_mode()
    def run() -> np.ndarray:
        x = batch
        for layer in net.layers:
            if isinstance(layer, Conv):
                x = functional.conv2d(x, kernels[layer.name], biases[layer.name], layer.stride, layer.pad)
                x = functional.relu_(x)
                if layer.name == last:
                    break
            elif isinstance(layer, MaxPool):
                x = functional.max_pool2d(x, layer.kernel, layer.stride)
        return x.permute(0, 2, 3, 1).cpu().numpy()

    return run


if __name__ == "__main__":
    publish("forward", section)
