"""What finished runs on the same images say beside each other."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from partsjax.emergence.compare import Difference, JudgedLayer, mean_ap, network_difference, over_seeds
from partsjax.emergence.verdict import UNKNOWN, Estimate, Verdict
from partsjax.errors import InputError
from partsjax.reporting.comparison import Figures, PartRow
from partsjax.runs.emergence import read
from partsjax.runs.unseen import Images


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished run of one network: verdicts by layer, in the order of `parts.csv`, and their bootstrap."""

    folder: Path
    verdicts: Mapping[str, tuple[Verdict, ...]]
    samples: Mapping[tuple[str, str], np.ndarray]
    images: Images

    def layer(self, layer: str) -> JudgedLayer:
        """The judged parts of a layer, for differences."""
        rows, verdicts = [], self.verdicts[layer]
        for object_class in dict.fromkeys(v.object_class for v in verdicts):
            rows += list(self.samples[layer, object_class])
        kept = [(v, row) for v, row in zip(verdicts, rows, strict=True) if v.judged]
        return JudgedLayer(
            tuple((v.object_class, v.part) for v, _ in kept),
            np.array([v.combination_ap_val.value for v, _ in kept]),
            np.stack([row for _, row in kept]) if kept else np.zeros((0, 1000), np.float32),
            verdicts[0].emergence_ap,
        )

    def all_parts(self) -> list[tuple]:
        """What every network must have been measured on; the same in every layer."""
        layer = next(iter(self.verdicts.values()))
        return [(v.object_class, v.part, v.num_train, v.num_val, v.judged) for v in layer]


def read_run(folder: Path) -> Run:
    """Reads a finished run.

    Raises:
      InputError: a file is missing or damaged.
    """
    kept, verdicts = read(folder), {}
    for verdict in kept.verdicts:
        verdicts.setdefault(verdict.layer, []).append(verdict)
    by_layer = {layer: tuple(found) for layer, found in verdicts.items()}
    return Run(folder, by_layer, kept.samples, kept.images)


def check_same_images(first: Run, run: Run) -> None:
    """Raises `InputError` where two runs cannot be paired image by image."""
    if run.images != first.images:
        classes = first.images.by_class.keys() | run.images.by_class.keys()
        other = sorted(c for c in classes if first.images.by_class.get(c) != run.images.by_class.get(c))
        what = f"other images or annotations of {', '.join(other)}" if other else "another --seed"
    elif first.all_parts() != run.all_parts():
        what = "other training images"
    else:
        return
    raise InputError(
        f"{run.folder}: judged on {what} than {first.folder}, so the two cannot be compared; delete the one "
        "that is out of date and run the same command again"
    )


def figures(runs: Mapping[str, Sequence[Run]]) -> dict[tuple[str, str], Figures]:
    """By network and layer, of all layers it was measured in; runs: by network, one a seed."""
    found = {}
    for network, of_seeds in runs.items():
        for layer in of_seeds[0].verdicts:
            judged = [[v for v in run.verdicts[layer] if v.judged] for run in of_seeds]
            measured = [run.layer(layer) for run in of_seeds]
            found[network, layer] = Figures(
                paper=tuple(sum(v.emerges_paper for v in of) for of in judged),
                strict=tuple(sum(v.emerges_strict for v in of) for of in judged),
                ap_train=tuple(_mean(v.combination_ap_train for v in of) for of in judged),
                ap_val=tuple(mean_ap([one]) for one in measured),
                mean_ap_val=mean_ap(measured),
            )
    return found


def counterparts(runs: Mapping[str, Sequence[Run]], baseline: str) -> dict[tuple[str, str], str]:
    """By network and layer, the baseline's layer it is held against.

    The one of the same name; where the baseline has none, its last.
    """
    others = list(runs[baseline][0].verdicts)
    return {
        (network, layer): layer if layer in others else others[-1]
        for network, of_seeds in runs.items()
        if network != baseline
        for layer in of_seeds[0].verdicts
    }


def differences(
    runs: Mapping[str, Sequence[Run]], baseline: str, against: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], Difference]:
    """Every network but the baseline minus the baseline; seeds are paired in order.

    against: as `counterparts` has it.
    """
    return {
        (network, layer): network_difference(
            [run.layer(layer) for run in runs[network]], [run.layer(other) for run in runs[baseline]]
        )
        for (network, layer), other in against.items()
    }


def parts(runs: Mapping[str, Sequence[Run]], found: Mapping[tuple[str, str], Difference]) -> list[PartRow]:
    """A row a layer and part, in it all networks that have the layer; found: the differences."""
    rows = []
    for layer in dict.fromkeys(layer for of in runs.values() for layer in of[0].verdicts):
        measured = {network: of for network, of in runs.items() if layer in of[0].verdicts}
        place = 0  # among the judged
        for i, verdict in enumerate(next(iter(measured.values()))[0].verdicts[layer]):
            rows.append(
                PartRow(
                    layer=layer,
                    object_class=verdict.object_class,
                    part=verdict.part,
                    num_val=verdict.num_val,
                    judged=verdict.judged,
                    prior_ap_val=verdict.prior_ap_val.value,
                    ap_val={network: _over_seeds(of, layer, i) for network, of in measured.items()},
                    strict={
                        network: sum(run.verdicts[layer][i].emerges_strict for run in of)
                        for network, of in measured.items()
                    },
                    difference={
                        network: found[network, layer].parts[place]
                        for network in measured
                        if verdict.judged and (network, layer) in found
                    },
                )
            )
            place += verdict.judged
    return rows


def place_alone(verdicts: Sequence[Verdict]) -> tuple[int, float]:
    """How many judged parts fixed boxes pass by the paper's criterion, and their mean held-out AP."""
    judged = [v for v in verdicts if v.judged]
    return sum(v.prior_emerges_paper for v in judged), _mean(v.prior_ap_val.value for v in judged)


def _over_seeds(runs: Sequence[Run], layer: str, place: int) -> Estimate:
    """Held-out AP of the part at `place` among all parts of the layer."""
    verdicts = [run.verdicts[layer][place] for run in runs]
    object_class = verdicts[0].object_class
    row = place - [v.object_class for v in runs[0].verdicts[layer]].index(object_class)
    values = [v.combination_ap_val.value for v in verdicts]
    if any(map(math.isnan, values)):
        return UNKNOWN
    return over_seeds(values, [run.samples[layer, object_class][row] for run in runs])


def _mean(values) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
