"""What an accelerator makes of a run: forward pass, scoring, search, whole runs, and half precision.

    python -m benchmarks.gpu [--out=DIR]

Needs nothing but the package: images are drawn, weights come with it. Runs on a processor too, smaller. Rates
of matrix products and memory are measured first; what is compiled is timed apart. About six minutes on an
H100. `--out` writes gpu.json, which `python -m benchmarks DIR/gpu.json` adds to the page on another machine.
"""

import collections
import dataclasses
import time
from collections.abc import Callable, Mapping

import jax
import numpy as np

from benchmarks.floors import PRODUCTS, bandwidth, matrix_rate, network_flops, seconds
from benchmarks.sections import Section, publish
from partsjax.data.crops import Truth
from partsjax.data.dataset import Dataset
from partsjax.data.loading import load_dataset
from partsjax.emergence.combination import Search, Target, combine
from partsjax.emergence.method import Method
from partsjax.emergence.ranked import RankedLayer
from partsjax.emergence.regression import Geometry
from partsjax.emergence.scoring import score_layer
from partsjax.emergence.stimuli import Stimuli, StimulusReducer, extractor
from partsjax.networks import Network, load_network
from partsjax.networks.activations import activations
from partsjax.networks.devices import shardings
from partsjax.networks.protocol import ReceptiveField
from partsjax.runs.emergence.measuring import measure
from partsjax.runs.emergence.result import Emergence

CONV5 = ReceptiveField(size=163, stride=16, center=15)
COLUMNS, SIDE = 13, 224
RATE = {"float32": "float32", "bfloat16": "bfloat16"}  # of the network's dtype: whose rate it is a share of


@dataclasses.dataclass(frozen=True)
class Sizes:
    """matrix: side of the products; values: float32 of the array that is read and written.

    batch: crops of a forward pass; filters, parts, crops: of the layer that is scored, crops a split; limit:
    objects a class and split of the whole run; rounds: of every timing.
    """

    matrix: int
    values: int
    batch: int
    filters: int = 256
    parts: int = 9
    crops: int = 512
    limit: int = 60
    rounds: int = 5


ACCELERATOR = Sizes(matrix=8192, values=1 << 28, batch=256)
PROCESSOR = Sizes(matrix=1024, values=1 << 24, batch=8, crops=128, limit=10, rounds=3)


def section(data_dir: str | None = None) -> Section:
    """data_dir: not used."""
    sizes = PROCESSOR if jax.default_backend() == "cpu" else ACCELERATOR
    networks = {
        name: {dtype: load_network(name, "imagenet", dtype=dtype) for dtype in RATE}
        for name in ("alexnet", "vgg16")
    }
    dataset = load_dataset("shapeparts", progress=False)
    return measured(networks, dataset, sizes)


def measured(networks: Mapping[str, Mapping[str, Network]], dataset: Dataset, sizes: Sizes) -> Section:
    """networks: by name and dtype; the first one is used for whole runs."""
    start, numbers = time.perf_counter(), {"sizes": dataclasses.asdict(sizes)}

    def step(name: str, measure: Callable[[], dict]) -> dict:
        numbers[name] = measure()
        print(f"{time.perf_counter() - start:.0f} s: {name}: {numbers[name]}", flush=True)
        return numbers[name]

    rates = step("rates", lambda: _rates(sizes))
    forward = {
        (name, dtype): step(
            f"forward {name} {dtype}", lambda n=network, d=dtype: _forward(n, rates[d], sizes)
        )
        for name, by_dtype in networks.items()
        for dtype, network in by_dtype.items()
    }
    kernels = {
        name: step(name, lambda r=run: r(sizes)) for name, run in (("scoring", _scoring), ("search", _search))
    }
    first = next(iter(networks))
    runs, found = {}, {}
    for name, dtype in (("first", "float32"), ("again", "float32"), ("bfloat16", "bfloat16")):

        def whole(name=name, dtype=dtype) -> dict:
            found[name], taken = _whole(networks[first][dtype], dataset, sizes)
            return taken

        runs[name] = step(f"run {name}", whole)
    effect = step("bfloat16 against float32", lambda: _apart(found["again"], found["bfloat16"]))
    again, bfloat16 = runs["again"], runs["bfloat16"]
    lines = [
        f"Matrix products of {sizes.matrix} x {sizes.matrix}: "
        + ", ".join(f"{name} {rates[name] / 1e12:.2f} TFLOP/s" for name in PRODUCTS)
        + f"; memory {rates['memory'] / 1e9:.0f} GB/s. Float32 products of the package are never TF32.",
        "",
        f"| forward pass, {sizes.batch} crops | crops/s | TFLOP/s | share of its matrix rate | with stimuli, "
        "pixels from the host, crops/s | compiled in, s |",
        "|---|---|---|---|---|---|",
    ]
    for (name, dtype), of in forward.items():
        lines.append(
            f"| {name} {dtype} | {of['crops_a_second']:.0f} | {of['flops'] / 1e12:.2f} | {of['share']:.0%} | "
            f"{of['with_stimuli']:.0f} | {of['compilation']:.1f} |"
        )
    score, search = kernels["scoring"], kernels["search"]
    lines += [
        "",
        "| | seconds | compiled in, s |",
        "|---|---|---|",
        f"| scoring, {sizes.filters} filters x {sizes.parts} parts, {sizes.crops} + {sizes.crops} crops | "
        f"{score['seconds']:.3f} | {score['compilation']:.1f} |",
        f"| search for the sets of {sizes.parts} parts, exact APs included | {search['seconds']:.3f} | "
        f"{search['compilation']:.1f} |",
        f"| run of {first}'s last layer, {again['objects']} objects, {again['parts']} parts, no nulls | "
        f"{again['seconds']:.1f} | {runs['first']['seconds'] - again['seconds']:.1f} |",
        f"| the same in bfloat16, compilation included | {bfloat16['seconds']:.1f} | |",
        "",
        f"APs in bfloat16 minus those in float32: of filters, mean {effect['filters_mean']:+.5f}, mean "
        f"distance {effect['filters_distance']:.5f}, largest {effect['filters_largest']:.3f}; of the sets "
        f"found, held out, mean {effect['sets_mean']:+.4f}, mean distance {effect['sets_distance']:.4f}. "
        f"Parts beyond place: {effect['beyond_place'][0]} and {effect['beyond_place'][1]}.",
    ]
    return Section("Accelerators", "\n".join(lines), numbers)


def _rates(sizes: Sizes) -> dict[str, float]:
    products = {name: matrix_rate(sizes.matrix, name, sizes.rounds) for name in PRODUCTS}
    return products | {"memory": bandwidth(sizes.values, sizes.rounds)}


def _forward(network: Network, rate: float, sizes: Sizes) -> dict[str, float]:
    """To the network's last layer: alone, pixels on the device; and as a run does it."""
    last = list(network.fields)[-1]
    by_crop, everywhere = shardings()
    batch = -(-sizes.batch // jax.device_count()) * jax.device_count()
    shape = (batch, network.input_size, network.input_size, 3)
    pixels = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    there, params = jax.device_put(pixels, by_crop), jax.device_put(network.params, everywhere)
    forward = jax.jit(lambda params, pixels: activations(network, params, pixels, (last,))[last])
    start = time.perf_counter()
    forward = forward.lower(params, there).compile()
    compilation = time.perf_counter() - start
    alone = seconds(lambda: forward(params, there), sizes.rounds)
    extract = extractor(network, [last], StimulusReducer())
    with_stimuli = seconds(lambda: jax.device_get(extract(pixels)), sizes.rounds)
    flops = network_flops(network, [last]) * batch / alone
    return {
        "crops_a_second": batch / alone,
        "flops": flops,
        "share": flops / rate,
        "with_stimuli": batch / with_stimuli,
        "compilation": compilation,
    }


def _layer(sizes: Sizes, seed: int) -> tuple[Stimuli, Truth]:
    """Random stimuli, some of them in boxes of parts: no kernel's time depends on what they are."""
    random = np.random.default_rng(seed)
    shape = (sizes.filters, Method.stimuli, sizes.crops)
    values = random.random((sizes.filters, 9, *shape[1:])).astype(np.float32)
    values[:, 4] = -np.sort(-values[:, 4], axis=1)
    corner = random.uniform(0, SIDE - 90, (2, sizes.parts, 2, sizes.crops))
    boxes = np.concatenate([corner, corner + random.uniform(30, 90, corner.shape)]).astype(np.float32)
    valid = random.random(boxes.shape[1:]) < 0.7
    cells = random.integers(0, COLUMNS**2, shape, np.int32)
    return Stimuli(cells, values, COLUMNS), Truth(boxes, valid, np.zeros_like(valid))


def _scored(sizes: Sizes):
    stimuli, truth = zip(*(_layer(sizes, seed) for seed in (0, 1)), strict=True)
    geometry = Geometry.of(CONV5, COLUMNS, SIDE)
    return lambda: score_layer(stimuli, truth, geometry, Method()), stimuli, truth


def _first_and_rest(function: Callable, rounds: int) -> dict[str, float]:
    """What a call takes, and what the first one takes beyond it."""
    start = time.perf_counter()
    function()
    first = time.perf_counter() - start
    rest = seconds(function, rounds)
    return {"seconds": rest, "compilation": first - rest}


def _scoring(sizes: Sizes) -> dict[str, float]:
    return _first_and_rest(_scored(sizes)[0], sizes.rounds)


def _search(sizes: Sizes) -> dict[str, float]:
    score, stimuli, truth = _scored(sizes)
    scores, found = score()
    ranked = RankedLayer(stimuli[0].scores)
    targets = [
        Target(part, f"part {part}", int(np.nanargmax(scores.ap_train[:, part])), detections)
        for part in range(sizes.parts)
        for detections in [ranked.part(found.train[:, part], truth[0].valid[part].sum(axis=0))]
    ]
    return _first_and_rest(lambda: combine(targets, Search(), Method(), None, 0), sizes.rounds)


def _whole(network: Network, dataset: Dataset, sizes: Sizes) -> tuple[Emergence, dict[str, float]]:
    """A call of `measure` for the last layer, with nothing kept but what is compiled."""
    start = time.perf_counter()
    last = network.default_layers[-1]
    found = measure(network, dataset, layers=last, nulls=(), limit=sizes.limit, progress=False)
    taken = time.perf_counter() - start
    shown = collections.Counter(
        (one.object_class, image.split) for image in dataset.images for one in image.objects
    )
    objects = sum(min(count, sizes.limit) for count in shown.values())
    return found, {"seconds": taken, "objects": objects, "parts": len(found.parts)}


def _apart(single: Emergence, half: Emergence) -> dict[str, float]:
    key = ["layer", "object_class", "filter", "part"]
    filters = single.filters.merge(half.filters, on=key, suffixes=("", "_half"))
    apart = (filters["ap_val_half"] - filters["ap_val"]).dropna()
    parts = single.parts.merge(half.parts, on=["layer", "object_class", "part"], suffixes=("", "_half"))
    sets = (parts["combination_ap_val_half"] - parts["combination_ap_val"]).dropna()
    return {
        "filters_mean": float(apart.mean()),
        "filters_distance": float(apart.abs().mean()),
        "filters_largest": float(apart.abs().max()),
        "sets_mean": float(sets.mean()),
        "sets_distance": float(sets.abs().mean()),
        "beyond_place": [int(of.parts["beyond_place"].eq(True).sum()) for of in (single, half)],
    }


if __name__ == "__main__":
    publish("gpu", section)
