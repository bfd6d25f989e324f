"""A whole run, photographs to verdicts: ours against the strongest straightforward PyTorch + NumPy pipeline.

    python -m benchmarks.end_to_end --data_dir=DIR

Horses, AlexNet's conv5, no nulls, by `python -m experiments.emergence` and by `benchmarks.torch_pipeline`,
each in a fresh process, one after the other, round by round. Ours runs with compiled code kept from a first
run, which is shown apart. Both must find the same AP of every filter for every part; ours also fits place
priors, draws 1,000 bootstrap samples and writes the report. "Imports apart" counts from when everything is
imported.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.sections import Section, publish
from partsjax.networks import ARCHITECTURES, load_network
from partsjax.networks.weights.convert import convert
from partsjax.networks.weights.imagenet import read_imagenet

ROUNDS, CLASS, LAYER, TOLERANCE = 3, "horse", "conv5", 1e-4
APS = ("ap_train", "ap_val", "ap_train_unregressed", "ap_val_unregressed")


def section(data_dir: str | None) -> Section:
    if not data_dir:
        raise SystemExit("end_to_end needs --data_dir")
    with tempfile.TemporaryDirectory() as folder:
        return _Pair(Path(folder), data_dir).section()


class _Pair:
    """The two pipelines on the same photographs."""

    def __init__(self, folder: Path, data_dir: str):
        self.folder, self.data_dir, self.runs = folder, data_dir, 0
        network = load_network("alexnet", "imagenet")
        weights = convert(read_imagenet(ARCHITECTURES["alexnet"]), ARCHITECTURES["alexnet"]).weights
        look = network.preprocessing
        np.savez(folder / "weights.npz", mean=np.float32(look.mean), std=np.float32(look.std), **weights)
        self.env = os.environ | {"PARTSJAX_CACHE": f"{folder}/cache"}

    def ours(self) -> tuple[float, dict[str, float], Path]:
        """Seconds of the whole process, by stage, and the folder of the run."""
        self.runs += 1
        workdir = self.folder / f"run{self.runs}"
        what = [f"--data_dir={self.data_dir}", f"--classes={CLASS}", f"--layers={LAYER}", "--net=alexnet"]
        command = ["experiments.emergence", "--dataset=coco_parts", *what, "--nulls=", f"--workdir={workdir}"]
        seconds = self._timed(command)
        stages = json.loads((workdir / "manifest.json").read_text(encoding="utf-8"))["stages"]
        return seconds, {name: stage["seconds"] for name, stage in stages.items()}, workdir

    def theirs(self, *by: str) -> tuple[float, dict[str, float], dict]:
        """The same of the baseline, and what it found."""
        out = self.folder / "theirs.npz"
        command = [
            "benchmarks.torch_pipeline",
            self.data_dir,
            CLASS,
            str(self.folder / "weights.npz"),
            str(out),
        ]
        seconds = self._timed([*command, *by])
        with np.load(out) as kept:
            found = dict(kept)
        return seconds, json.loads(str(found["seconds"])), found

    def _timed(self, command: list[str]) -> float:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", *command], env=self.env, capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode()[-2000:]}")
        seconds = time.perf_counter() - start
        print(f"{command[0]}: {seconds:.1f} s", flush=True)
        return seconds

    def section(self) -> Section:
        cold, _, workdir = self.ours()
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(self.ours())
            theirs.append(self.theirs())
        apart = differences(workdir, theirs[-1][2])
        mean, largest = (max(of[i] for of in apart.values()) for i in (0, 1))
        if mean > TOLERANCE:
            raise AssertionError(f"the two find other APs: {apart}")
        with_pygad, stages_pygad, _ = self.theirs("pygad")
        verdicts = pd.read_csv(workdir / "parts.csv").set_index("part")["combination_ap_train"]
        searched = [str(part) for part in theirs[-1][2]["searched"]]
        sets = verdicts[searched].mean(), theirs[-1][2]["set_ap_train"].mean()
        rows = ["| | ours, s | PyTorch + NumPy, s | ratio (quartiles) |", "|---|---|---|---|"]
        wholes = [[of[0] for of in side] for side in (ours, theirs)]
        works = [[sum(of[1].values()) for of in side] for side in (ours, theirs)]
        for what, (a, b) in (("whole process", wholes), ("imports apart", works)):
            low, middle, high = statistics.quantiles([y / x for x, y in zip(a, b, strict=True)], n=4)
            rows.append(
                f"| {what} | {statistics.median(a):.1f} | {statistics.median(b):.1f} | "
                f"{middle:.2f}x ({low:.2f} to {high:.2f}) |"
            )
        rows.append(
            f"| whole process, pygad for the search (one run) | {statistics.median(wholes[0]):.1f} | "
            f"{with_pygad:.1f} | {with_pygad / statistics.median(wholes[0]):.1f}x |"
        )
        rows.append(f"| whole process, nothing compiled before (one run) | {cold:.1f} | | |")
        by_stage = "; ".join(
            f"{who}: " + ", ".join(f"{name} {value:.1f}" for name, value in side[-1][1].items())
            for who, side in (("ours", ours), ("PyTorch + NumPy", theirs))
        )
        text = (
            f"{CLASS.capitalize()}, AlexNet {LAYER}, no nulls, both on all cores, median of {ROUNDS} rounds. "
            "Ours also fits place priors, draws bootstrap samples and writes the report; the other does not."
            "\n\n"
            + "\n".join(rows)
            + f"\n\nSeconds of the last round: {by_stage}; pygad's sets {stages_pygad['sets']:.1f}.\n\n"
            f"APs of the {len(theirs[-1][2]['ap_train'])} filters for {len(verdicts)} parts, with and "
            f"without regression, on both splits: mean difference {mean:.0e}, largest {largest:.0e}. Mean "
            f"train AP of the sets: {sets[0]:.4f} and {sets[1]:.4f}.\n"
        )
        numbers = {
            "ours": [of[:2] for of in ours],
            "theirs": [of[:2] for of in theirs],
            "pygad": [with_pygad, stages_pygad],
            "cold": cold,
            "differences": apart,
        }
        return Section("A whole run, against PyTorch + NumPy", text, numbers)


def differences(workdir: Path, theirs: dict) -> dict[str, tuple[float, float]]:
    """(mean, largest) difference of every filter's AP for every part, by kind of AP."""
    table = pd.read_parquet(workdir / "filters.parquet")
    table = table[(table["object_class"] == CLASS) & (table["layer"] == LAYER)]
    found = {}
    for name in APS:
        ours = table.pivot(index="filter", columns="part", values=name)[list(theirs["parts"])].to_numpy()
        if (np.isnan(ours) != np.isnan(theirs[name])).any():
            raise AssertionError(f"{name}: the two know APs of other filters and parts")
        apart = np.abs(ours - theirs[name])
        found[name] = float(np.nanmean(apart)), float(np.nanmax(apart))
    return found


if __name__ == "__main__":
    publish("end_to_end", section)
