"""Where a run's time goes, and how far each stage is from its floor.

    python -m benchmarks.account NAME FOLDER

FOLDER: of a run of `python -m experiments.emergence` on this machine. Seconds are those of its manifest.
Floors are what the work must take at least, from its amount and from rates measured on the spot, on all
cores:

- network: FLOPs as JAX counts them over the rate of float32 matrix products, and crops read, decoded and
  warped by one thread per core; one after the other where the network runs on the same cores.
- verdicts: the sums of the regressions over the rate of float64 products; the overlaps that suppression and
  matching need over the rate at which boxes in cache are compared; detections over the rate at which NumPy
  sorts; and a byte for every set of the search and box of its part, written and read, over the bandwidth of
  the cache. Curves and the bootstrap count as nothing.

Stages that run beside each other add up to more than the run took. Writes account_NAME.json for the page.
"""

import argparse
import dataclasses
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import floors
from benchmarks.hardware import description
from benchmarks.sections import MEASURED
from partsjax.data.crops import Crops, warp
from partsjax.data.loading import load_dataset
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.method import Method
from partsjax.networks import Network, load_network
from partsjax.networks.activations import shapes
from partsjax.networks.devices import one_device_a_core, over_devices, shardings
from partsjax.ops import boxes as bx
from partsjax.runs.network_stages import all_crops

SAMPLE, SIDE, IN_CACHE = 96, 1024, 1 << 16
_SUMS = 78 + 48  # products of a pair in the normal equations, of which each is multiplied and added


@dataclasses.dataclass(frozen=True)
class Work:
    """How much there is to do: of a network over all crops, and of all its layers' verdicts.

    crops: of all classes; flops: of a crop; sums, overlaps, sorted, bytes: of verdicts, once.
    """

    crops: int
    flops: float
    sums: float
    overlaps: float
    sorted: float
    bytes: float


@dataclasses.dataclass(frozen=True)
class Rates:
    """A second's work on all cores: products in FLOPs, pairs of boxes, numbers sorted, bytes, crops."""

    float32: float
    float64: float
    overlaps: float
    sorted: float
    bytes: float
    crops: float


def work_of(network: Network, layers, crops: dict[str, tuple[Crops, Crops]], method: Method) -> Work:
    """Of the network and its verdicts."""
    filters = sum(of.shape[3] for of in shapes(network, layers).values())
    sums = overlaps = ordered = of_sets = 0.0
    genetic, k = Genetic(), method.stimuli
    for pair in crops.values():
        for split, of in enumerate(pair):
            parts, _, count = of.truth.valid.shape
            stimuli = filters * k * count
            ordered += stimuli
            # With and without regression: suppressed among a crop's K, then compared with every box there.
            overlaps += stimuli * ((parts + 1) * (k - 1) / 2 + 2 * of.truth.valid.sum() / max(count, 1))
            if split == 0:
                sums += 2 * stimuli * parts * _SUMS
                boxes = of.truth.positives.sum()
                of_sets += len(layers) * genetic.population * (genetic.generations + 1) * boxes * 2
    return Work(
        sum(len(of) for pair in crops.values() for of in pair),
        floors.network_flops(network, layers),
        sums,
        float(overlaps),
        ordered,
        float(of_sets),
    )


def rates(crops: dict[str, tuple[Crops, Crops]]) -> Rates:
    """Measured on this machine."""
    with jax.enable_x64(True):
        by_row, everywhere = shardings()
        rows = jax.device_put(np.ones((jax.device_count() * SIDE, SIDE)), by_row)
        square = jax.device_put(np.ones((SIDE, SIDE)), everywhere)
        multiply = jax.jit(lambda a, b: jnp.matmul(a, b, precision="highest"))
        float64 = 2 * rows.shape[0] * SIDE**2 / floors.seconds(lambda: multiply(rows, square))
    return Rates(
        floors.matrix_rate(SIDE),
        float64,
        _overlap_rate(),
        _sorting_rate(),
        floors.bandwidth(IN_CACHE, turns=100),
        _crop_rate(crops),
    )


def _overlap_rate() -> float:
    corner = np.random.default_rng(0).uniform(0, 100, (2, jax.device_count(), IN_CACHE)).astype(np.float32)
    boxes, turns = bx.Boxes(*corner, *(corner + 50)), 100

    def compared(boxes):
        def turn(i, seen):
            moved = boxes.map(lambda v: v + i)
            return seen | (bx.iou(boxes, moved) > 0.5)

        return jax.lax.fori_loop(0, turns, turn, jnp.zeros(boxes.x1.shape, bool))

    by_device, _ = shardings()
    there = jax.device_put(boxes, by_device)
    run = over_devices(compared, split=1)
    return turns * boxes.x1.size / floors.seconds(lambda: run(there))


def _sorting_rate() -> float:
    """Of rows as long as a filter has detections, by NumPy on one core, times the cores."""
    rows = np.random.default_rng(0).random((16, 4096)).astype(np.float32)
    return os.cpu_count() * rows.size / floors.seconds(lambda: np.sort(rows, axis=1))


def _crop_rate(crops: dict[str, tuple[Crops, Crops]]) -> float:
    """Crops that are decoded and warped in a second, each photograph read once."""
    jobs = []
    for pair in crops.values():
        for of in pair:
            borders = np.flatnonzero(np.diff(of.image_index)) + 1
            jobs += [(of, index) for index in np.split(np.arange(len(of)), borders) if len(index)]
    jobs = [jobs[i] for i in np.linspace(0, len(jobs) - 1, min(SAMPLE, len(jobs))).astype(int)]

    def load(job) -> int:
        of, index = job
        image = of.images[of.image_index[index[0]]].source.read()
        for i in index:
            warp(image, of.object_boxes[i], of.size, (0, 0, 0))
        return len(index)

    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(load, jobs)) / (time.perf_counter() - start)


def accounted(
    stages: dict[str, dict], work: Work, rate: Rates, networks: int, judged: int, shared: bool
) -> list[dict]:
    """One entry a stage, by descending seconds: its seconds, its floor or None, and what sets it.

    networks: how many run over the crops, which are read once for all of them.
    judged: how often verdicts are found, nulls included; shared: whether the network runs where crops are
    read.
    """
    computing, reading = networks * work.crops * work.flops / rate.float32, work.crops / rate.crops
    parts = {
        "regressions": judged * work.sums / rate.float64,
        "overlaps": judged * work.overlaps / rate.overlaps,
        "sorting": judged * work.sorted / rate.sorted,
        "sets": judged * work.bytes / rate.bytes,
    }
    found = []
    for name, stage in sorted(stages.items(), key=lambda item: -item[1]["seconds"]):
        floor, why = None, ""
        if name == "network":
            floor = computing + reading if shared else max(computing, reading)
            why = f"products {computing:.2g} s, reading {reading:.2g} s"
        elif name == "verdicts":
            floor = sum(parts.values())
            why = ", ".join(f"{part} {seconds:.2g} s" for part, seconds in parts.items())
        found.append({"stage": name, "seconds": stage["seconds"], "floor": floor, "why": why})
    return found


def account(folder: Path) -> dict:
    """What the page shows of a run."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    options = manifest["options"]
    every = tuple(options["classes"]) in ((), ("all",))
    dataset = load_dataset(
        options["dataset"],
        options["data_dir"],
        classes=None if every else options["classes"],
        seed=options["seed"],
        progress=False,
        **options["reader"],
    )
    network = load_network(options["net"], options["weights"], dtype=options["dtype"])
    method = Method(**options["method"])
    asked = argparse.Namespace(limit=options["limit"], method=method)
    crops = all_crops(dataset, network.input_size, asked)
    work, rate = work_of(network, manifest["layers"], crops, method), rates(crops)
    seeds, nulls = options["null_seeds"], manifest["nulls_ran"]
    networks = 1 + seeds * len({"random", "permuted"} & set(nulls))
    return {
        "command": manifest["command"].replace(str(options["data_dir"]), "DIR").replace(str(folder), "W"),
        "stages": accounted(
            manifest["stages"],
            work,
            rate,
            networks,
            1 + seeds * len(nulls),
            jax.default_backend() == "cpu",
        ),
        "work": dataclasses.asdict(work),
        "rates": dataclasses.asdict(rate),
        "peak_bytes": max(stage["peak_memory_bytes"] for stage in manifest["stages"].values()),
        "on": description(),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.account")
    parser.add_argument("name", help="alexnet or vgg16")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    one_device_a_core()
    found = account(given.folder)
    MEASURED.mkdir(exist_ok=True)
    path = MEASURED / f"account_{given.name}.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for one in found["stages"]:
        print(one)
    print(f"{path}; now python -m docs.results")
