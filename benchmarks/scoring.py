"""All filters x parts of a layer and class: ours against the plain NumPy reference, and by stage.

  python -m benchmarks.scoring

Both go from the same activations (AlexNet, ImageNet weights, shapeparts) to the same APs, one after the
other in one run; compilation is shown apart. The second table is each stage's share of a whole run.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import numpy as np

from benchmarks.hardware import description
from partsjax.data.crops import class_crops
from partsjax.data.loading import load_dataset
from partsjax.data.pipeline import batches
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry
from partsjax.emergence.scoring import score_layer
from partsjax.emergence.stimuli import Stimuli
from partsjax.networks import load_network
from partsjax.ops import local_maxima
from tests.plain import pipeline as plain

LAYER, FILTERS, ROUNDS = "conv5", 64, 7


def _activations(network, crops) -> np.ndarray:
    forward = jax.jit(lambda p, x: network.apply(p, x, (LAYER,))[LAYER])
    mean, std = (np.array(v, np.float32) for v in (network.preprocessing.mean, network.preprocessing.std))
    everything = batches(crops, [np.arange(len(crops))], 32, mean)
    maps = [np.asarray(forward(network.params, (b.pixels - mean) / std))[: len(b.index)] for b in everything]
    return np.ascontiguousarray(np.concatenate(maps)[..., :FILTERS])


def _ours(maps, truth, field, size, find):
    found = [Stimuli(*(np.asarray(a) for a in find(m)), columns=m.shape[2]) for m in maps]
    scores, _ = score_layer(found, truth, Geometry.of(field, found[0].columns, size), Method())
    return scores


def scoring_table() -> str:
    network = load_network("alexnet", "imagenet")
    dataset = load_dataset("shapeparts")
    object_class = next(iter(dataset.parts))
    crops = [class_crops(dataset, object_class, split, network.input_size) for split in ("train", "val")]
    maps = [_activations(network, c) for c in crops]
    truth = [c.truth for c in crops]
    field, size = network.fields[LAYER], network.input_size
    unpadded = [
        [
            [t.boxes[:, p, t.valid[p, :, n], n].T.astype(float) for p in range(len(c.parts))]
            for n in range(len(c))
        ]
        for c, t in zip(crops, truth, strict=True)
    ]
    find = jax.jit(lambda m: local_maxima.strongest(m, 8))

    start = time.perf_counter()
    mine = _ours(maps, truth, field, size, find)
    first = time.perf_counter() - start
    ratios, ours, theirs = [], [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        mine = _ours(maps, truth, field, size, find)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        reference = plain.score_layer(*maps, (field.size, field.stride, field.center), *unpadded, size)
        theirs.append(time.perf_counter() - start)
        ratios.append(theirs[-1] / ours[-1])
    difference = np.nanmean(np.abs(mine.ap_val - reference.ap_val))
    return (
        f"AlexNet {LAYER}, {FILTERS} filters x {len(crops[0].parts)} parts of {object_class}, "
        f"{len(crops[0])} + {len(crops[1])} crops, activations to AP, median of {ROUNDS} rounds:\n\n"
        "| | seconds | ratio |\n|---|---|---|\n"
        f"| plain NumPy | {statistics.median(theirs):.2f} | 1 |\n"
        f"| partsjax, compiled | {statistics.median(ours):.3f} | {statistics.median(ratios):.0f}x "
        f"({min(ratios):.0f}–{max(ratios):.0f}) |\n"
        f"| partsjax, compilation included | {first:.2f} | {statistics.median(theirs) / first:.1f}x |\n\n"
        f"Mean difference of held-out AP between the two: {difference:.1e}.\n"
    )


def stages_table(*arguments: str) -> str:
    """Each stage's share of a whole run in a process of its own, from its manifest."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "experiments.emergence", *arguments]
        start = time.perf_counter()
        subprocess.run([*command, f"--workdir={folder}"], check=True, capture_output=True)
        whole = time.perf_counter() - start
        stages = json.loads((Path(folder) / "manifest.json").read_text())["stages"]
    seconds = {name: stage["seconds"] for name, stage in stages.items()}
    shown = " ".join("--data_dir=DIR" if a.startswith("--data_dir=") else a for a in arguments)
    seconds["start, imports, end"] = whole - sum(seconds.values())
    peak = max(stage["peak_memory_bytes"] for stage in stages.values()) / 2**30
    lines = [f"| {name} | {value:.2f} | {value / whole:.0%} |" for name, value in seconds.items()]
    return (
        f"`python -m experiments.emergence {shown}`, {whole:.1f} s in all, "
        f"{peak:.2f} GiB at most:\n\n"
        "| stage | seconds | share |\n|---|---|---|\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    print(f"{description()}\n\n{scoring_table()}\n{stages_table('--net=alexnet')}")
