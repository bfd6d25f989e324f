"""How far a process's memory rises while a layer is judged, beside what `emergence.footprint` plans.

    python -m benchmarks.footprint                              all sizes
    python -m benchmarks.footprint FILTERS CROPS PARTS BLOCK    one, in bytes

Boxes and stimuli are drawn, eight on every crop; BLOCK filters go through at once. What the process had
before, code compiled for these shapes included, does not count. Linux alone tells the peak of some work.
"""

import ctypes
import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.grown import noise
from partsjax.data.crops import Crops, class_crops
from partsjax.emergence.combination import Search
from partsjax.emergence.footprint import Footprint
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.ground import Ground
from partsjax.emergence.judged import judge_layer
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry
from partsjax.emergence.stimuli import Stimuli
from partsjax.networks.devices import one_device_a_core
from partsjax.networks.protocol import ReceptiveField

COLUMNS, STIMULI, STEP = 13, 8, 64
WHOLE = [(f, n, p, f) for n, f, p in itertools.product((512, 1536), (64, 256), (3, 12))]
IN_BLOCKS = [(f, 1024, p, STEP) for f, p in itertools.product((128, 384), (3, 12))]


def stimuli(filters: range, crops: Crops) -> Stimuli:
    """Of every filter eight on every crop, no two at one place."""
    random = np.random.default_rng([filters[0], len(crops)])
    shape = len(filters), STIMULI, len(crops)
    rows = np.arange(STIMULI, dtype=np.int32)[:, None] * 16
    cells = np.broadcast_to(rows, shape) + random.integers(0, 16, shape, np.int32)
    values = random.random((shape[0], 9, *shape[1:]), np.float32)
    values[:, 4] = -np.sort(-values[:, 4], axis=1)
    return Stimuli(cells, values, COLUMNS)


def rise(filters: int, ground: Ground, block: int) -> int:
    """Bytes by which the process's peak is above what it holds now."""

    def blocks(count: int):
        for first in range(0, count, block):
            some = range(first, min(first + block, count))
            both = tuple(stimuli(some, crops) for crops in (ground.train, ground.val))
            yield LayerData("layer", both, ground, Geometry.of(ReceptiveField(163, 16, 15), COLUMNS, 224))

    search = Search(genetic=Genetic(generations=2))  # how long it looks takes no memory
    judge_layer(blocks(filters), (search,), 0)
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak is now what there is
    before = _resident("VmHWM")
    judge_layer(blocks(filters), (search,), 0)
    return _resident("VmHWM") - before


def _resident(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(re.search(rf"{name}:\s+(\d+) kB", status)[1])


def one(filters: int, crops: int, parts: int, block: int) -> int:
    """`rise` with so many crops in both splits together."""
    drawn = noise(crops, parts)
    ground = Ground(*(class_crops(drawn, "thing0", split, 224) for split in ("train", "val")), Method(), 0)
    for prior, part in itertools.product(ground.priors, range(parts)):
        ground.judged(prior, part)
    return rise(filters, ground, block)


def planned(filters: int, crops: int, parts: int, block: int) -> int:
    return Footprint(filters, STIMULI, (crops // 2, crops // 2), parts).bytes(block)


def main() -> None:
    print("filters, crops, parts, at once: rose by MB, planned MB")
    for size in (*WHOLE, *IN_BLOCKS):
        command = [sys.executable, "-m", "benchmarks.footprint", *map(str, size)]
        rose = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(f"{', '.join(map(str, size))}: {rose / 1e6:.0f}, {planned(*size) / 1e6:.0f}", flush=True)


if __name__ == "__main__":
    if sizes := [int(argument) for argument in sys.argv[1:]]:
        one_device_a_core()
        print(one(*sizes))
    else:
        main()
