"""One measurement of `benchmarks.growth`: `python -m benchmarks.grown AXIS SIZE [DATA_DIR]` prints JSON.

A call of the library in a process of its own: its seconds, and how far the process's memory rose in it.
"""

import json
import sys
import time

import numpy as np

from partsjax.data.dataset import Dataset
from partsjax.data.schema import Image, Object, Part
from partsjax.emergence.combination import Search
from partsjax.emergence.genetic import Genetic
from partsjax.networks import Network, load_network
from partsjax.networks.devices import one_device_a_core
from partsjax.networks.make import make_network
from partsjax.runs.clock import peak_memory
from partsjax.runs.emergence.measuring import measure

SIDE, PATCH = 96, 16  # of the images that are drawn, and of what a filter of the patch network sees
OBJECTS, FILTERS, PARTS = 256, 256, 9  # where another axis grows


def noise(objects: int, parts: int, classes: int = 1) -> Dataset:
    """Noise with objects of so many parts, one an image, half of them held out, as many of every class."""
    random, images = np.random.default_rng(0), []
    for number in range(objects * classes):
        corner = random.uniform(0, SIDE / 2, (parts, 2))
        boxes = np.concatenate([corner, corner + random.uniform(SIDE / 8, SIDE / 2, (parts, 2))], axis=1)
        found = tuple(Part(f"part{p}", tuple(map(float, box))) for p, box in enumerate(boxes))
        pixels = random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        thing = Object(f"thing{number % classes}", (0.0, 0.0, float(SIDE), float(SIDE)), found)
        images.append(Image(str(number), ("train", "val")[number // classes % 2], pixels, (thing,)))
    return Dataset(tuple(images), name="noise")


def patches(filters: int) -> Network:
    """One layer of random filters of 16 x 16 pixels: a network that costs next to nothing."""
    import jax

    kernel = np.random.default_rng(0).standard_normal((PATCH, PATCH, 3, filters)).astype(np.float32) / PATCH

    def apply(params, images, layers):
        window = jax.lax.conv_general_dilated(
            images, params, (PATCH, PATCH), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return dict.fromkeys(layers, jax.nn.relu(window))

    return make_network("patches", apply, kernel, layers=["patches"], input_size=224)


def case(axis: str, size: int, data_dir: str | None) -> tuple[Network, Dataset, dict]:
    """What is measured, and further arguments of `measure`."""
    if axis == "objects":
        from benchmarks.repeated import repeated

        photographs = repeated(data_dir, ["horse"], times=10) if data_dir else noise(size, PARTS)
        return load_network("alexnet"), photographs, {"limit": size // 2, "layers": "conv5"}
    if axis == "population":
        return patches(FILTERS), noise(OBJECTS, PARTS), {"search": Search(genetic=Genetic(population=size))}
    sizes = {"filters": FILTERS, "parts": PARTS, "classes": 1} | {axis: size}
    return patches(sizes["filters"]), noise(OBJECTS, sizes["parts"], sizes["classes"]), {}


if __name__ == "__main__":
    axis, size, *where = sys.argv[1:]
    one_device_a_core()
    network, dataset, more = case(axis, int(size), *(where or [None]))
    before, start = peak_memory(), time.perf_counter()
    measure(network, dataset, nulls=(), progress=False, **more)
    taken = time.perf_counter() - start
    print(json.dumps({"seconds": taken, "bytes": peak_memory() - before, "peak_bytes": peak_memory()}))
