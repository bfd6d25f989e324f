"""How time and memory grow with objects, filters, parts, population and classes.

    python -m benchmarks.growth [--data_dir=DIR]

Four sizes each; every size in a process of its own, once so that code is compiled and kept, and once
measured. Objects are AlexNet's conv5 on the horses of DIR, many times over (without DIR: noise); the others
are a network of one layer on noise, so that the network's own time hides nothing. The exponent b of
cost = a · size^b is fitted by least squares of the logarithms.
"""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.sections import HERE, Section, publish

SIZES = {
    "objects": (256, 512, 1024, 2048),
    "filters": (256, 1024, 4096, 16384),
    "parts": (2, 8, 32, 128),
    "population": (100, 200, 400, 800),
    "classes": (1, 2, 4, 8),
}
PLOT = HERE.parent / "docs" / "results" / "growth.svg"


@dataclasses.dataclass(frozen=True)
class Growth:
    """cost = factor · size^exponent; error: standard error of the exponent."""

    factor: float
    exponent: float
    error: float


def fitted(sizes, costs) -> Growth:
    """Least squares of log cost on log size."""
    from scipy.stats import linregress

    line = linregress(np.log(sizes), np.log(costs))
    return Growth(float(np.exp(line.intercept)), float(line.slope), float(line.stderr))


def section(data_dir: str | None) -> Section:
    with tempfile.TemporaryDirectory() as compiled:
        found = {
            axis: [_measured(axis, size, data_dir, compiled) for size in sizes]
            for axis, sizes in SIZES.items()
        }
    draw(found, PLOT)
    return Section("How cost grows", table(found), found)


def _measured(axis: str, size: int, data_dir: str | None, compiled: str) -> dict[str, float]:
    kept = {"JAX_COMPILATION_CACHE_DIR": compiled, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    command = [sys.executable, "-m", "benchmarks.grown", axis, str(size), *([data_dir] if data_dir else [])]
    for _ in range(2):
        done = subprocess.run(command, env=os.environ | kept, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{axis} {size}: {done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"{axis} {size}: {found['seconds']:.1f} s, {found['peak_bytes'] / 2**30:.2f} GiB", flush=True)
    return found


def table(found: dict[str, list[dict[str, float]]]) -> str:
    """One row an axis; found: of every size of `SIZES`."""
    rows = [
        "| | sizes | seconds | exponent | peak memory, GiB | exponent of its rise |",
        "|---|---|---|---|---|---|",
    ]
    for axis, of in found.items():
        seconds, rise, peak = ([one[name] for one in of] for name in ("seconds", "bytes", "peak_bytes"))
        cells = [
            ", ".join(f"{size:,}" for size in SIZES[axis]),
            ", ".join(f"{s:.1f}" for s in seconds),
            _exponent(SIZES[axis], seconds),
            ", ".join(f"{b / 2**30:.2f}" for b in peak),
            _exponent(SIZES[axis], rise),
        ]
        rows.append(f"| {axis} | {' | '.join(cells)} |")
    return (
        "Calls of `measure` without nulls, compilation apart; the exponent b of size^b with its standard "
        "error, of the whole time, fixed costs included, and of what memory rises by.\n\n" + "\n".join(rows)
    )


def _exponent(sizes, costs) -> str:
    found = fitted(sizes, costs)
    return f"{found.exponent:.2f} ± {found.error:.2f}"


def draw(found: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Time and memory against size, both logarithmic, with the fitted lines."""
    import altair as alt
    import pandas as pd

    charts = []
    for name, unit, scale in (("seconds", "seconds", 1), ("bytes", "rise of memory, GiB", 2**30)):
        row = []
        for axis, of in found.items():
            costs = np.array([one[name] for one in of]) / scale
            line = fitted(SIZES[axis], costs)
            shown = pd.DataFrame({"size": SIZES[axis], "cost": costs})
            shown["line"] = line.factor * shown["size"] ** line.exponent
            ends = alt.Scale(type="log", domain=[SIZES[axis][0], SIZES[axis][-1]], nice=False, padding=8)
            marks = alt.Axis(values=list(SIZES[axis]), labelOverlap=False)
            x = alt.X("size", scale=ends, title=axis, axis=marks)
            few = alt.Axis(values=[10.0**i * f for i in range(-3, 5) for f in (1, 3)], format="~g")
            y = alt.Y(
                "cost", scale=alt.Scale(type="log"), title=unit if axis == "objects" else None, axis=few
            )
            base = alt.Chart(
                shown, width=150, height=130, title=f"b = {_exponent(SIZES[axis], costs * scale)}"
            )
            row.append(
                base.mark_point(filled=True).encode(x, y) + base.mark_line(opacity=0.5).encode(x, y="line")
            )
        charts.append(alt.hconcat(*row))
    alt.vconcat(*charts).configure(background="white").save(path)


if __name__ == "__main__":
    publish("growth", section)
