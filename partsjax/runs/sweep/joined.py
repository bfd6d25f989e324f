"""One network's emergence from several runs: each measured it in some layers, on some classes."""

import dataclasses
import functools
import operator
from collections.abc import Sequence

from partsjax.emergence.adjusting import with_run_q_values
from partsjax.runs.emergence import Emergence


def joined_emergence(found: Sequence[Emergence], layers: Sequence[str]) -> Emergence | None:
    """As if it had been measured at once: q-values are over all layers and classes.

    layers: of the network, in forward order. None where not every layer was measured on every class.
    """
    judged = functools.reduce(operator.or_, (dict(of.judged) for of in found))
    about = [of.about for of in found]
    chosen = tuple(layer for layer in layers if any(layer in of.layers for of in about))
    classes = tuple(sorted({name for of in about for name in of.classes}))  # an order that all networks share
    wanted = [(layer, name) for layer in chosen for name in classes]
    if judged.keys() != set(wanted):
        return None
    first = found[0]
    return dataclasses.replace(
        first,
        about=dataclasses.replace(
            first.about,
            layers=chosen,
            classes=classes,
            nominal=tuple(layer for layer in chosen if any(layer in of.nominal for of in about)),
        ),
        judged=with_run_q_values({names: judged[names] for names in wanted}),
        images=dataclasses.replace(
            first.images,
            by_class=functools.reduce(operator.or_, (dict(of.images.by_class) for of in found)),
        ),
        readable=functools.reduce(operator.or_, (dict(of.readable) for of in found)),
        ids=functools.reduce(operator.or_, (dict(of.ids) for of in found)),
        notes=tuple(dict.fromkeys(note for of in found for note in of.notes)),
        skipped=tuple(sorted({line for of in found for line in of.skipped})),
    )
