"""Forward pass of PyTorch modules by the routes of `from_torch`, against PyTorch alone.

    python -m benchmarks.torch_routes

Random weights, images of 224 pixels, float32, to the last layer that holds a map. PyTorch runs in
inference mode with the same preprocessed batch, channels_last and channels_first; the faster of the two
is what a ratio is taken against. All take turns, and a ratio is the median over the rounds. Needs torch
and torchax.
"""

import copy
import statistics
import time
from collections.abc import Callable

import jax
import numpy as np

import partsjax as pj
from benchmarks.sections import Section, publish

BATCH = 8


def section(data_dir: str | None = None, rounds: int = 9) -> Section:
    """One row a module: images/s and ratios of PyTorch's time by each route's; data_dir: not used."""
    import torch
    import torchax

    from benchmarks.torch_modules import KINDS

    header = (
        f"module ({BATCH} images)",
        f"PyTorch {torch.__version__}, images/s",
        f"translated by torchax {torchax.__version__}, images/s",
        "ratio, PyTorch's time / its (quartiles)",
        "called back, images/s",
        "ratio (quartiles)",
    )
    rows, seconds = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"], {}
    for name, (build, layer) in KINDS.items():
        torch.manual_seed(0)
        theirs, *ours = seconds[name] = measure(build().eval(), layer, rounds)
        cells = [name, f"{BATCH / statistics.median(theirs):.1f}"]
        for of in ours:
            ratios = [b / a for a, b in zip(of, theirs, strict=True)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            cells += [
                f"{BATCH / statistics.median(of):.1f}",
                f"{middle:.2f} ({low:.2f} to {high:.2f})",
            ]
        rows.append(f"| {' | '.join(cells)} |")
    text = "Random weights, images of 224 pixels, to the last layer that holds a map.\n\n" + "\n".join(rows)
    return Section("PyTorch modules, by either route, against PyTorch alone", text, seconds)


def measure(module, layer: str, rounds: int) -> tuple[list[float], ...]:
    """Seconds of each round's forward pass: PyTorch's faster layout, torchax's route, torch's route."""
    images = np.random.default_rng(0).standard_normal((BATCH, 224, 224, 3), np.float32)
    runs = [_torchs(module, layer, images, last) for last in (False, True)]
    runs += [_route(module, layer, images, route) for route in ("torchax", "torch")]
    results = [run() for run in runs]
    difference = np.abs(results[2] - results[3]).max() / np.abs(results[3]).max()
    if difference > 1e-4:
        raise AssertionError(f"the routes differ by {difference:.1e} of the largest activation")
    seconds: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, times in zip(runs, seconds, strict=True):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
    return (min(seconds[:2], key=statistics.median), *seconds[2:])


def _route(module, layer: str, images: np.ndarray, route: str) -> Callable[[], np.ndarray]:
    network = pj.from_torch(module, [layer], route=route)
    forward = jax.jit(lambda params, images: network.apply(params, images, (layer,))[layer])
    params, on_device = jax.device_put(network.params), jax.device_put(images)
    return lambda: np.asarray(forward(params, on_device))


def _torchs(module, layer: str, images: np.ndarray, channels_last: bool) -> Callable[[], np.ndarray]:
    import torch

    layout = torch.channels_last if channels_last else torch.contiguous_format
    module = copy.deepcopy(module).to(memory_format=layout)
    batch = torch.tensor(images).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    seen: list = []
    module.get_submodule(layer).register_forward_hook(lambda _, __, output: seen.append(output))

    @torch.inference_mode()
    def run() -> np.ndarray:
        seen.clear()
        module(batch)
        return seen[0].numpy()

    return run


if __name__ == "__main__":
    publish("torch_routes", section, device_a_core=False)
