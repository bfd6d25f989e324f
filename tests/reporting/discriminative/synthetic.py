"""A page's content made up by a seed, with everything that can be missing, missing somewhere."""

import math
from pathlib import Path

import numpy as np
from PIL import Image

from partsjax.discriminativeness.findings import Sums
from partsjax.discriminativeness.relation import Overlap
from partsjax.emergence.verdict import UNKNOWN, Estimate
from partsjax.reporting.discriminative import (
    Blacked,
    ClassPage,
    ClassUse,
    DiscriminativenessReport,
    FilterRow,
    PartRow,
)
from partsjax.reporting.report import Shown

FACTORS = (1.0, 1.5, 2.0, 2.5, 3.0)


def content(
    folder: Path,
    seed: int = 0,
    classes: dict[str, tuple[str, ...]] | None = None,
    filters: int = 64,
    after_softmax: bool = False,
) -> DiscriminativenessReport:
    """A content of `classes` (name -> parts), its pictures written into `folder`."""
    rng = np.random.default_rng(seed)
    if classes is None:
        classes = {
            "horse": ("head", "leg", "tail", "hoof"),
            'sheep\'s "<horn>"': ("a/b", "ear"),
            "dog": ("nose",),
        }
    pictures = _pictures(folder, rng, 10)
    pages = [
        _class(rng, name, parts, filters, pictures, i == 1) for i, (name, parts) in enumerate(classes.items())
    ]
    serving = np.bincount([f.filter for page in pages for f in page.filters], minlength=filters)
    return DiscriminativenessReport(
        title="What class scores rest on: alexnet <W/checkpoint> & made up",
        command="python -m experiments.discriminativeness --weights='a b'",
        facts=(("jax", "0.9"), ("device", "cpu <1>")),
        layer="conv5",
        filters=filters,
        deviations=2.0,
        after_softmax=after_softmax,
        classes=pages,
        sharing=np.bincount(serving, minlength=len(pages) + 1).tolist(),
        sums=sums(pages, int((serving > 0).sum())),
        paper=Overlap(192, 13, 40, 7, 4.4, 0.031, False),
        strict=Overlap(192, 13, 18, 3, 1.25, 0.0004, False),
        with_ap=Estimate(0.41, -0.02, 0.71),
        drop_with_ap=Estimate(0.83, 0.7, 0.9),
        control_with_ap=Estimate(0.8, 0.66, 0.89),
    )


def sums(pages: list[ClassPage], distinct: int) -> Sums:
    measured = [part for page in pages for part in page.parts if part.crops]
    filters = sum(len(page.filters) for page in pages)
    return Sums(filters, distinct, sum(part.discriminative for part in measured), len(measured))


def _pictures(folder: Path, rng, number: int) -> list[str]:
    (folder / "crops").mkdir(parents=True, exist_ok=True)
    names = [f"crops/{i} no'{i % 3}#.webp" for i in range(number)]
    for name in names:
        low = rng.integers(0, 255, (7, 7, 3), dtype=np.uint8)
        Image.fromarray(low).resize((128, 128), Image.Resampling.BICUBIC).save(folder / name)
    return names


def _around(rng, value: float, width: float) -> Estimate:
    return Estimate(value, value - width * rng.random(), value + width * rng.random())


def _class(
    rng, name: str, parts: tuple[str, ...], filters: int, pictures: list[str], bare: bool
) -> ClassPage:
    chosen = rng.choice(filters, 0 if bare else int(rng.integers(1, 9)), replace=False)
    deltas = np.sort(rng.exponential(1.5, len(chosen)))[::-1]
    rows = [
        _filter(rng, int(f), float(d), name, parts, pictures) for f, d in zip(chosen, deltas, strict=True)
    ]
    counts = np.sort(rng.integers(0, 30, len(FACTORS)))[::-1]
    unknown = Overlap(64, 0, 9, 0, 0.0, math.nan, True)
    return ClassPage(
        object_class=name,
        crops=int(rng.integers(10, 400)),
        filters=rows,
        parts=[_part(rng, part, pictures, rare=i == len(parts) - 1) for i, part in enumerate(parts)],
        counts=dict(zip(FACTORS, map(int, counts), strict=True)),
        paper=unknown if bare else _overlap(sum(f.semantic_paper for f in rows), rows, 0.2),
        strict=unknown if bare else _overlap(sum(f.semantic_strict for f in rows), rows, 1.0),
        gradient=_around(rng, 0.8, 0.1),
        with_ap=UNKNOWN if len(parts) < 3 else _around(rng, 0.2, 0.7),
    )


def _overlap(both: int, rows: list[FilterRow], p: float) -> Overlap:
    return Overlap(64, len(rows), 9, both, 9 * len(rows) / 64, p, True)


def _filter(
    rng, number: int, delta: float, name: str, parts: tuple[str, ...], pictures: list[str]
) -> FilterRow:
    uses = tuple(
        ClassUse(part, bool(rng.random() < 0.5), int(rng.integers(1, 20)), float(rng.random()), *judged)
        for part, judged in zip(
            parts, ((True, True), (True, False), (False, False), (None, None)), strict=False
        )
        if rng.random() < 0.4
    )
    shots = tuple(
        Shown(str(rng.choice(pictures)), f"2010_{i:06d}#0", name, (0.1, 0.2, 0.7, 0.9), number, 30.0 - i)
        for i in range(int(rng.integers(0, 7)))
    )
    return FilterRow(
        filter=number,
        delta=_around(rng, delta, 0.2),
        after_softmax=float(rng.random()) / 10,
        share=float(rng.random()) / 4,
        gradient=float(rng.normal(1, 1)),
        classes=("cow & <calf>",) if rng.random() < 0.3 else (),
        uses=uses,
        semantic_paper=any(u.paper for u in uses),
        semantic_strict=any(u.strict for u in uses),
        top_activations=shots,
    )


def _part(rng, part: str, pictures: list[str], rare: bool) -> PartRow:
    if rare:
        nothing = (UNKNOWN,) * 3
        return PartRow(part, 0, *nothing, math.nan, UNKNOWN, False, math.nan, UNKNOWN, None, None, ())
    drop, control = float(rng.normal(2, 2)), float(rng.exponential(0.5))
    difference = _around(rng, drop - control, 0.4)
    ap = float(rng.random())
    blacked = tuple(
        Blacked(
            which,
            *map(str, rng.choice(pictures, 2)),
            f"2010_{i:06d}#1",
            ((0.1, 0.1, 0.4, 0.5),),
            drop - i,
            control,
        )
        for i, which in enumerate(("largest drop", "middle", "smallest"))
    )
    return PartRow(
        part, int(rng.integers(10, 300)), _around(rng, drop, 0.3), _around(rng, control, 0.1), difference,
        float(rng.random()) / 5, _around(rng, 10 * difference.value, 3), difference.low > 0,
        ap, _around(rng, ap, 0.05), ap > 0.3, ap > 0.5, blacked,
    )  # fmt: skip
