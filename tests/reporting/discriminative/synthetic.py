"""A page's content made up by a seed, with everything that can be missing, missing somewhere."""

import math
from pathlib import Path

import numpy as np
from PIL import Image

from partsjax.discriminativeness.correlation import RankCorrelation
from partsjax.discriminativeness.findings import Sums
from partsjax.discriminativeness.part_drops import PartDrops, count_parts
from partsjax.discriminativeness.part_relations import RELATIONS
from partsjax.discriminativeness.relation import CRITERIA, Overlap
from partsjax.emergence.bootstrap import Resampled
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

PASSES = (*({**dict.fromkeys(CRITERIA, False), **dict.fromkeys(names, True)} for names in
            (CRITERIA, ("beyond_place",), ("paper",), ())), None)  # fmt: skip
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
        overlaps={
            "beyond_place": Overlap(192, 13, 30, 5, 2.2, 0.02, False),
            "paper": Overlap(192, 13, 40, 7, 4.4, 0.031, False),
            "strict": Overlap(192, 13, 18, 3, 1.25, 0.0004, False),
        },
        relations={
            "difference_and_excess": _relation(41, Estimate(0.11, -0.2, 0.41), Estimate(0.11, 0.02, 0.2)),
            "drop_and_excess_given_area": _relation(47, Estimate(0.23, -0.1, 0.5), UNKNOWN),
            "drop_and_ap_val": _relation(47, Estimate(0.83, 0.7, 0.9), Estimate(0.83, 0.8, 0.86)),
        },
    )


def sums(pages: list[ClassPage], distinct: int) -> Sums:
    filters = sum(len(page.filters) for page in pages)
    return Sums(filters, distinct, count_parts([part.drops for page in pages for part in page.parts]))


def _relation(number: int, over_parts: Estimate, over_images: Estimate) -> RankCorrelation:
    return RankCorrelation(number, over_parts, over_images)


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
    shown = [_part(rng, part, pictures, i, len(parts)) for i, part in enumerate(parts)]
    passing = {name: sum(any(u.passes and u.passes[name] for u in f.uses) for f in rows) for name in CRITERIA}
    return ClassPage(
        object_class=name,
        crops=int(rng.integers(10, 400)),
        top1=_around(rng, 0.8, 0.1),
        filters=rows,
        parts=shown,
        counts=dict(zip(FACTORS, map(int, counts), strict=True)),
        overlaps={n: unknown if bare else _overlap(count, rows, 0.2) for n, count in passing.items()},
        gradient=_around(rng, 0.8, 0.1),
        part_counts=count_parts([part.drops for part in shown]),
        relations={
            name: _relation(len(parts), *(UNKNOWN if len(parts) < 3 else _around(rng, 0.2, 0.7),) * 2)
            for name in RELATIONS
        },
    )


def _overlap(both: int, rows: list[FilterRow], p: float) -> Overlap:
    return Overlap(64, len(rows), 9, both, 9 * len(rows) / 64, p, True)


def _filter(
    rng, number: int, delta: float, name: str, parts: tuple[str, ...], pictures: list[str]
) -> FilterRow:
    uses = tuple(
        ClassUse(part, bool(rng.random() < 0.5), int(rng.integers(1, 20)), float(rng.random()), passes)
        for part, passes in zip(parts, PASSES, strict=False)
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
        top_activations=shots,
    )


def drops(crops: int, controlled: int, figures: dict[str, Estimate], area: float) -> PartDrops:
    """Of one part. figures: by name, those that are known."""
    known = {
        name: _resampled(figures.get(name, UNKNOWN)) for name in ("drop", "control", "difference", "per_area")
    }
    covered = (0.9 * area, 0.02) if controlled else (math.nan, math.nan)
    return PartDrops(crops, controlled, _resampled(Estimate(area, area, area)), *covered, **known)


def _resampled(figure: Estimate) -> Resampled:
    """A figure with bootstrap samples that give its interval."""
    about = (np.nextafter(figure.value, end) for end in (-math.inf, math.inf))
    return Resampled(figure.value, np.repeat([figure.low, *about, figure.high], (2, 18, 18, 2)))


def _part(rng, part: str, pictures: list[str], number: int, parts: int) -> PartRow:
    """The last of a class is on no crop; of several, no control fits beside the first but one."""
    if number == parts - 1:
        return PartRow(part, drops(0, 0, {}, math.nan), UNKNOWN, UNKNOWN, None, ())
    crops, ap, drop = (
        int(rng.integers(10, 300)),
        float(rng.random()),
        _around(rng, float(rng.normal(2, 2)), 0.3),
    )
    control = math.nan if number == 1 else float(rng.exponential(0.5))
    difference = _around(rng, drop.value - control, 0.4)
    figures = {"drop": drop}
    if number != 1:
        figures |= {
            "control": _around(rng, control, 0.1),
            "difference": difference,
            "per_area": _around(rng, 10 * difference.value, 3),
        }
    blacked = tuple(
        Blacked(
            which,
            *map(str, rng.choice(pictures, 2)),
            f"2010_{i:06d}#1",
            ((0.1, 0.1, 0.4, 0.5),),
            drop.value - i,
            control,
        )
        for i, which in enumerate(("largest drop", "middle", "smallest"))
    )
    return PartRow(
        part, drops(crops, crops // 2 if number != 1 else 0, figures, float(rng.random()) / 5),
        _around(rng, ap, 0.05), _around(rng, ap - 0.2, 0.05), PASSES[number % 4], blacked,
    )  # fmt: skip
