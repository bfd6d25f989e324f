"""q-values over a whole run: of the network's verdicts, and of each null's by themselves."""

import dataclasses
from collections.abc import Mapping, Sequence

from partsjax.emergence.judged import Judged
from partsjax.emergence.verdict import NullVerdict, Verdict, with_q_values


def with_run_q_values(judged: Mapping[tuple[str, str], Judged]) -> dict[tuple[str, str], Judged]:
    """A run's results with the q-value of every judged part.

    The network's verdicts on all layers and classes are one family of tests; every seed of a null is another.

    Args:
      judged: by (layer, class), with the nulls beside the verdicts.
    """
    verdicts = [v for found in judged.values() for v in found.evidence.verdicts]
    adjusted = iter(_with_nulls(with_q_values(verdicts)))
    return {
        names: dataclasses.replace(
            found,
            evidence=dataclasses.replace(
                found.evidence, verdicts=tuple(next(adjusted) for _ in found.evidence.verdicts)
            ),
        )
        for names, found in judged.items()
    }


def _with_nulls(verdicts: Sequence[Verdict]) -> list[Verdict]:
    nulls = [dict(v.nulls) for v in verdicts]
    for name in dict.fromkeys(name for of_part in nulls for name in of_part):
        beside = [n for n, of_part in enumerate(nulls) if name in of_part]
        by_seed = zip(*(nulls[n][name].verdicts for n in beside), strict=True)
        adjusted = zip(*map(with_q_values, by_seed), strict=True)
        for n, of_part in zip(beside, adjusted, strict=True):
            nulls[n][name] = NullVerdict(nulls[n][name].label, of_part)
    return [dataclasses.replace(v, nulls=of_part) for v, of_part in zip(verdicts, nulls, strict=True)]
