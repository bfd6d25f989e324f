"""A reader of one's own is one function: no other file is touched."""

import jax
import numpy as np
import pytest

import partsjax as pj


def read(data_dir, *, side: int = 12):
    """Toys in noise, a white button somewhere on each."""
    random, images = np.random.default_rng(0), []
    for number in range(60):
        pixels = random.integers(0, 100, (64, 64, 3), np.uint8)
        x, y = random.integers(0, 64 - side, 2).tolist()
        pixels[y : y + side, x : x + side] = 255
        toy = pj.Object("toy", (0, 0, 64, 64), [pj.Part("button", (x, y, x + side, y + side))])
        images.append(pj.Image(number, ("train", "val")[number % 2], pixels, [toy]))
    return pj.Dataset(images, notes=[f"read from {data_dir}"])


def mean_of_windows(params, images, layers):
    sums = jax.lax.reduce_window(images, 0.0, jax.lax.add, (1, 8, 8, 1), (1, 4, 4, 1), "VALID")
    return {"means": sums / 64}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["buttons", f"{__name__}:read"])
def test_a_new_reader(name):
    pj.register_dataset("buttons", read)
    dataset = pj.load_dataset(name, "there", side=16)
    network = pj.make_network("means", mean_of_windows, {}, input_size=64, layers=["means"])
    found = pj.measure(network, dataset, search=pj.Search("greedy"), nulls=(), progress=False)
    assert found.parts.best_filter_ap_val.item() > 0.8 and "read from there" in found.notes
