"""Reports' contents made up by a seed: varied, with everything that can be missing, missing somewhere."""

import dataclasses
import math
import random
from pathlib import Path

import numpy as np
from PIL import Image

from partsjax.emergence.descriptions import DescribedLayer, Held
from partsjax.emergence.drift import Drift
from partsjax.emergence.iou import FilterIou, compared_criteria
from partsjax.emergence.nulls import NULLS
from partsjax.emergence.own_evidence import OwnEvidence
from partsjax.emergence.readout.verdict import ReadoutVerdict
from partsjax.emergence.summary import summarize
from partsjax.emergence.verdict import (
    LIST_PRIOR_NAME,
    PRIOR_NAME,
    Estimate,
    NullVerdict,
    PriorVerdict,
    Verdict,
)
from partsjax.reporting.report import EmergenceReport, FilterPage, PartPictures, Shown

HOSTILE = ('<script>alert("x")</script>', "a/b", "..", 'sheep\'s "horn" & 50%#?', "Ohr ä 馬", "")


def content(
    folder: Path,
    seed: int = 0,
    layers: dict[str, int] | None = None,
    parts: tuple[tuple[str, str], ...] = (("horse", "head"), ("horse", "torso"), ("dog", "ear")),
    nulls: tuple[str, ...] = ("random", "shuffled"),
    pictures: int = 20,
    shots: int = 6,
) -> EmergenceReport:
    """A content with `layers` (name -> filters) and `parts`, its pictures written into `folder`."""
    rng = np.random.default_rng(seed)
    layers = {"conv4": 12, "conv5": 20} if layers is None else layers
    names = _pictures(folder, rng, pictures)
    verdicts, galleries, aps = [], {}, {}
    for layer, filters in layers.items():
        aps[layer] = (rng.beta(0.4, 6, (filters, len(parts)))).astype(np.float32)
        for p, (object_class, part) in enumerate(parts):
            verdict = _verdict(rng, layer, object_class, part, filters, aps[layer][:, p], nulls)
            if p == len(parts) - 1:
                aps[layer][:, p] = np.nan
                verdict = _without_truth(layer, object_class, part, nulls)
            verdicts.append(verdict)
            galleries[layer, object_class, part] = PartPictures(
                *(_shots(rng, names, object_class, verdict, n, wrong) for n, wrong in _kinds(shots))
            )
    pages = {layer: _pages(rng, layer, n, parts, aps[layer], names) for layer, n in layers.items()}
    return EmergenceReport(
        title="alexnet (imagenet) on <synthetic> & made up",
        command="python -m experiments.emergence --net=alexnet --classes='a b'",
        facts=(("jax", "0.9"), ("device", "cpu <1>")),
        layers=tuple(layers),
        verdicts=tuple(verdicts),
        summaries={layer: summarize([v for v in verdicts if v.layer == layer]) for layer in layers},
        pictures=galleries,
        filters=pages,
        filter_aps=aps,
    )


def with_criteria(content: EmergenceReport, seed: int = 0) -> EmergenceReport:
    """The content with Network Dissection's criterion of all filters, of the network and of its nulls."""
    rng = np.random.default_rng(seed)

    def iou(aps: np.ndarray) -> FilterIou:
        train, val = ((0.2 * rng.beta(0.4, 6, aps.shape)).astype(np.float32) for _ in range(2))
        return FilterIou(np.ones(len(aps), np.float32), np.where(np.isnan(aps), np.nan, train), val)

    criteria = {
        layer: compared_criteria(
            [v for v in content.verdicts if v.layer == layer],
            aps,
            iou(aps),
            {name: iou(aps) for name in content.nulls},
            seed,
        )
        for layer, aps in content.filter_aps.items()
    }
    return dataclasses.replace(content, criteria=criteria)


def with_readouts(content: EmergenceReport, seed: int = 0) -> EmergenceReport:
    """The content with readouts of all parts, of the last without: how they are carried goes round.

    Of the nulls the first has readouts.
    """
    rng = random.Random(seed)
    verdicts = []
    for i, v in enumerate(content.verdicts):
        known = v.best_filter is not None
        nulls = {
            name: dataclasses.replace(null, readout_ap_val=rng.random() if known else math.nan)
            for name, null in list(v.nulls.items())[:1]
        }
        readout = _readout(rng, i) if known else ReadoutVerdict()
        verdicts.append(dataclasses.replace(v, readout=readout, nulls={**v.nulls, **nulls}))
    summaries = {layer: summarize([v for v in verdicts if v.layer == layer]) for layer in content.layers}
    return dataclasses.replace(content, verdicts=tuple(verdicts), summaries=summaries)


def with_own_evidence(content: EmergenceReport, seed: int = 0) -> EmergenceReport:
    """The content with hit rates of sets on blacked-out crops, and pictures of these."""
    rng = np.random.default_rng(seed)
    verdicts = tuple(
        dataclasses.replace(
            v,
            own_evidence=OwnEvidence()
            if v.best_filter is None
            else OwnEvidence(*(_estimate(float(rng.random()), rng, 0.1) for _ in range(3))),
        )
        for v in content.verdicts
    )
    summaries = {layer: summarize([v for v in verdicts if v.layer == layer]) for layer in content.layers}
    pictures = {
        names: dataclasses.replace(of, blacked_out=tuple(shown.picture for shown in of.combination[:2]))
        for names, of in content.pictures.items()
    }
    return dataclasses.replace(content, verdicts=verdicts, summaries=summaries, pictures=pictures)


def _readout(rng: random.Random, at: int) -> ReadoutVerdict:
    ap, sizes = rng.random(), (1, 2, 4, 8, 12)
    share, half = ((0.9, 1), (0.8, 4), (0.1, 2), (math.nan, None))[at % 4]
    return ReadoutVerdict(
        min(1.0, 1.2 * ap),
        Estimate(ap, 0.9 * ap, min(1.0, 1.1 * ap)),
        Estimate(ap - 0.2, ap - 0.3, ap - 0.1),
        Estimate(share, share - 0.1, share + 0.2),
        sizes,
        tuple(ap * (i + 1) / len(sizes) for i in range(len(sizes))),
        half,
    )


def with_descriptions(content: EmergenceReport, seed: int = 0) -> EmergenceReport:
    """The content with descriptions: of every part in every layer, of classes alone, of nothing."""
    rng = np.random.default_rng(seed)
    held, described = [], []
    for layer, aps in content.filter_aps.items():
        verdicts = [v for v in content.verdicts if v.layer == layer]
        for v, ap in zip(verdicts, aps.T, strict=True):
            f = int(rng.integers(len(ap)))
            one = Held(layer, f, f'{v.part}, "of" a <b>{v.object_class}</b>', v.object_class, v.part)
            one = dataclasses.replace(one, filters=len(ap), ap_train=float(ap[f]), ap_val=float(ap[f]))
            if not np.isnan(ap[f]):
                excess = _estimate(float(ap[f]) - 0.1, rng, 0.1)
                one = dataclasses.replace(
                    one, rank=1 + int((ap > ap[f]).sum()), prior_ap_val=0.1, excess=excess
                )
            tested = {"q_value": float(rng.random() / 10), "false_discovery_rate": 0.05} if one.rank else {}
            held.append(dataclasses.replace(one, class_share=0.5, crop_share=0.25, **tested))
        alone = {"object_class": verdicts[0].object_class, "class_share": 0.75, "crop_share": 0.25}
        held += [Held(layer, 0, "all of it", **alone), *[Held(layer, 1, "<sky>")] * 2]
        of_layer = [one for one in held if one.layer == layer]
        tested = [one.beyond_place for one in of_layer if one.beyond_place is not None]
        figures = (0.2, 0.1, 0.03, 0.6, 0.3) if tested else (math.nan,) * 5
        counts = len(of_layer), len(verdicts), 1, 2
        described.append(DescribedLayer(layer, *counts, *figures, len(tested), sum(tested)))
    return dataclasses.replace(content, held=tuple(held), described=tuple(described))


def _kinds(shots: int) -> tuple[tuple[int, bool], ...]:
    return ((shots, False), (shots // 2, True), (shots, False), (shots // 2, True))


def _pictures(folder: Path, rng, number: int) -> list[str]:
    (folder / "crops").mkdir(parents=True, exist_ok=True)
    names = [f"crops/{i} no'{i % 3}#.webp" for i in range(number)]
    for name in names:
        low = rng.integers(0, 255, (7, 7, 3), dtype=np.uint8)
        Image.fromarray(low).resize((112, 112), Image.Resampling.BICUBIC).save(folder / name)
    return names


def _estimate(value: float, rng, width: float) -> Estimate:
    low, high = value - width * rng.random(), value + width * rng.random()
    return Estimate(float(value), float(low), float(high))


def _verdict(rng, layer, object_class, part, filters, aps, nulls) -> Verdict:
    known = random.Random(f"{object_class}:{part}")  # what is the same in every layer
    prior, area = known.betavariate(0.7, 3), 0.3 * known.random() ** 2 + 0.002
    num_train, num_val = known.randrange(20, 900), known.randrange(20, 900)
    drifts = (Drift("train", 0.65, 0.03, 1e-9), Drift("val", 0.2, 0.5, 1e-6))[: known.randrange(3)]
    train = float(min(0.97, prior * 0.6 + 0.5 * rng.random() ** 2))
    held_out = max(0.0, train - 0.1 * float(rng.random()))
    members = np.sort(rng.choice(filters, rng.integers(1, min(filters, 60) + 1), replace=False))
    return Verdict(
        layer=layer,
        object_class=object_class,
        part=part,
        num_train=num_train,
        num_val=num_val,
        best_filter=int(np.argmax(aps)) if rng.random() < 0.5 else int(rng.integers(filters)),
        best_filter_ap_train=0.8 * train,
        best_filter_ap_val=_estimate(0.8 * held_out, rng, 0.03),
        combination=tuple(map(int, members)),
        combination_ap_train=train,
        combination_ap_val=Estimate(held_out, max(0.0, held_out - 0.04), min(1.0, held_out + 0.05)),
        priors={
            PRIOR_NAME: _prior("place prior", prior, held_out),
            LIST_PRIOR_NAME: _prior("list prior", 0.8 * prior, held_out),
        },
        q_value=0.0004 if held_out - prior > 0.03 else 0.8,
        where=_estimate(0.2 * float(rng.normal()), rng, 0.05),
        whether=_estimate(0.1 * float(rng.normal()), rng, 0.05),
        hit_rate=float(rng.random()),
        prior_hit_rate=float(rng.random()),
        coverage_train=float(rng.random()),
        mean_area=area,
        drifts=drifts,
        nulls=_nulls(nulls, layer, object_class, part, train),
    )


def _prior(label: str, ap: float, held_out: float) -> PriorVerdict:
    over = held_out - ap
    return PriorVerdict(
        label,
        min(1.0, ap * 1.05),
        Estimate(ap, max(0.0, ap - 0.03), min(1.0, ap + 0.03)),
        Estimate(over, over - 0.03, over + 0.03),
        0.0005 if over > 0.03 else 0.6,
    )


def _nulls(names: tuple[str, ...], layer: str, object_class: str, part: str, train: float) -> dict:
    """Of the first null three seeds, of others one."""

    def null(ap: float) -> Verdict:
        found = Estimate(ap, 0.8 * ap, 1.2 * ap)
        return Verdict(
            layer, object_class, part, 30, 30, 0, combination_ap_train=ap, combination_ap_val=found
        )

    aps = {name: [0.4 * train / (place + 1)] * (1 if place else 3) for place, name in enumerate(names)}
    return {name: NullVerdict(NULLS[name].label, tuple(map(null, of))) for name, of in aps.items()}


def _without_truth(layer: str, object_class: str, part: str, nulls: tuple[str, ...]) -> Verdict:
    """A part without any box in train: nothing could be fitted."""
    return Verdict(
        layer, object_class, part, 0, 12, None, nulls=_nulls(nulls, layer, object_class, part, math.nan)
    )


def _box(rng) -> tuple[float, float, float, float]:
    x, y = rng.random(2) * 0.6
    w, h = 0.1 + rng.random(2) * 0.3
    return float(x), float(y), float(min(1, x + w)), float(min(1, y + h))


def _shots(rng, names, object_class: str, verdict: Verdict, number: int, wrong: bool) -> tuple[Shown, ...]:
    if verdict.best_filter is None:
        return ()
    scores = np.sort(rng.random(number) * 50)[::-1]
    return tuple(
        Shown(
            picture=names[rng.integers(len(names))],
            crop=f"2008_{rng.integers(9999):06d}:{rng.integers(3)}",
            object_class=object_class,
            box=_box(rng),
            filter=int(rng.choice(verdict.combination)) if verdict.combination else verdict.best_filter,
            score=float(score),
            truth=tuple(_box(rng) for _ in range(rng.integers(0, 3))),
            correct=bool(not wrong and rng.random() < 0.7),
        )
        for score in scores
    )


def _pages(rng, layer: str, filters: int, parts, aps: np.ndarray, names) -> tuple[FilterPage, ...]:
    def page(f: int) -> FilterPage:
        order = np.argsort(-np.nan_to_num(aps[f]))[:8]
        return FilterPage(
            layer=layer,
            filter=f,
            top_activations=tuple(
                Shown(
                    names[rng.integers(len(names))],
                    f"2010_{i:06d}:0",
                    parts[i % len(parts)][0],
                    _box(rng),
                    f,
                    9.0 - i,
                )
                for i in range(0 if f == 1 else 9)
            ),
            parts=tuple(
                (*parts[p], int(rng.integers(900)), float(aps[f, p]), float(aps[f, p])) for p in order
            ),
        )

    return tuple(page(f) for f in range(filters))
