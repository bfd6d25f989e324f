"""Ablation: class scores without each filter of a layer, against running the network again for each.

    python -m benchmarks.ablation [--data_dir=DIR]

AlexNet with its own 4096-4096 fully connected layers or a compact head, untrained, over ImageNet's
convolutions: the values of the weights change no time. 32 crops of shapeparts' first class, or of horses of
DIR. The naive way runs the whole network from the same crops for one
filter after the other, its map set to zero, compiled once and spread over the same devices. The two take
turns, round by round; the naive way runs some of the filters, and counts as so many times longer.
"""

import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.sections import Section, publish
from partsjax.data.crops import class_crops
from partsjax.data.loading import load_dataset
from partsjax.data.pipeline import batches
from partsjax.discriminativeness.ablation import ablator
from partsjax.discriminativeness.scores import of_class, on_every_device
from partsjax.networks import ARCHITECTURES, Network, as_network, load_network
from partsjax.networks.heads import head_for
from partsjax.networks.initial import initial_weights
from partsjax.networks.modules import named

CROPS, CLASSES, ROUNDS = 32, 6, 3
RUN = 8  # filters that the naive way runs in a round
CASES = (("own, 4096-4096", "conv5"), ("own, 4096-4096", "conv4"), ("compact, 512", "conv5"))


def network_for(head: str) -> Network:
    """AlexNet with its own fully connected layers, or with a compact head."""
    own = ARCHITECTURES["alexnet"].with_classes(CLASSES)
    table = own if head.startswith("own") else head_for(own.headless(), "object", CLASSES)
    return as_network(table, initial_weights(table, 0) | named(load_network("alexnet", "imagenet").params))


def crops(size: int, mean, data_dir: str | None = None) -> np.ndarray:
    """The first validation crops of a class: float32 [32, S, S, 3] in [0, 255]."""
    name = "coco_parts" if data_dir else "shapeparts"
    dataset = load_dataset(name, data_dir, classes=["horse"] if data_dir else None)
    of = class_crops(dataset, next(iter(dataset.parts)), "val", size, limit=CROPS)
    return next(batches(of, [np.arange(len(of))], CROPS, mean)).pixels


def one_by_one(network: Network, layer: str):
    """`(pixels, labels, filter) -> float32 [B]`: scores of the crops' classes with one map set to zero."""

    def step(pixels, given, params):
        labels, without = given[:, 0], given[0, 1]
        activation = network.apply(params, network.preprocessing.normalise(pixels), (layer,))[layer]
        kept = jnp.where(jnp.arange(activation.shape[-1]) == without, 0, activation)
        return of_class(network.after(params, layer, kept), labels)

    run = on_every_device(network, step)
    return lambda pixels, labels, f: np.asarray(
        run(pixels, np.stack([labels, np.full_like(labels, f)], axis=1))
    )


def section(data_dir: str | None) -> Section:
    """One row a case."""
    rows = [
        "| head | layer, filters | ours, s a crop | one by one, s a crop | ratio (range) | difference |",
        "|---|---|---|---|---|---|",
    ]
    for head, layer in CASES:
        network = network_for(head)
        pixels = crops(network.input_size, network.preprocessing.mean, data_dir)
        rows.append(f"| {head} | {layer}, {_measured(network, layer, pixels)} |")
    text = (
        f"AlexNet, {CROPS} crops on {jax.device_count()} devices, all filters of the layer; median of "
        f"{ROUNDS} rounds, in each of which {RUN} filters were run one by one. The last column: the largest "
        "difference between the two in a score without a filter, relative to the largest score.\n\n"
        + "\n".join(rows)
    )
    return Section("Ablation, against running the network again for each filter", text)


def _measured(network: Network, layer: str, pixels: np.ndarray) -> str:
    labels = np.arange(len(pixels), dtype=np.int32) % CLASSES
    ours, naive = ablator(network, layer), one_by_one(network, layer)
    drops = jax.device_get(ours(pixels, labels))
    naive(pixels, labels, 0)
    filters = drops.before.shape[1]
    own = np.take_along_axis(drops.scores, labels[:, None], axis=1)[:, 0]
    fast, slow, worst = [], [], 0.0
    for i in range(ROUNDS):
        start = time.perf_counter()
        drops = jax.device_get(ours(pixels, labels))
        fast.append(time.perf_counter() - start)
        some = [(i * RUN + n) * filters // (ROUNDS * RUN) for n in range(RUN)]
        start = time.perf_counter()
        again = [naive(pixels, labels, f) for f in some]
        slow.append((time.perf_counter() - start) * filters / RUN)
        apart = max(
            np.abs(own - drops.before[:, f] - score).max() for f, score in zip(some, again, strict=True)
        )
        worst = max(worst, float(apart / np.abs(drops.scores).max()))
    ratios = [s / f for f, s in zip(fast, slow, strict=True)]
    ours_a_crop, naive_a_crop = (statistics.median(seconds) / len(pixels) for seconds in (fast, slow))
    ratio = f"{statistics.median(ratios):.0f}x ({min(ratios):.0f}–{max(ratios):.0f})"
    return f"{filters} | {ours_a_crop:.3f} | {naive_a_crop:.2f} | {ratio} | {worst:.0e}"


if __name__ == "__main__":
    publish("ablation", section)
