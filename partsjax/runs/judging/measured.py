"""What was measured of the filters of a study: which parts they serve, which are discriminative."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from partsjax.discriminativeness.relation import semantic
from partsjax.errors import InputError
from partsjax.judging.association import Members
from partsjax.judging.findings import MeasuredFilters
from partsjax.judging.items import Study
from partsjax.runs import manifest
from partsjax.runs.emergence import Emergence, read
from partsjax.runs.emergence.result import KEPT


def measured_filters(
    study: Study, folder: Path, run: str | Path | None, discriminativeness: str | Path | None
) -> tuple[MeasuredFilters, list[str]]:
    """From the runs that are known, and what a reader has to know of that, a line each.

    folder: of the study. run: of emergence; None: the one around `folder`, where it is the study's.

    Raises:
      InputError: a run is not finished, or not of the network, layers and classes of the study.
    """
    around = folder.absolute().parent
    if run is None and not (around / KEPT).is_file():
        if discriminativeness is not None:
            raise InputError("discriminativeness: needs the run that the study was made from; give it as run")
        return MeasuredFilters(), ["parts of the dataset are not known: the study lies outside its run"]
    where = Path(run).expanduser() if run is not None else around
    found = read(where)
    _require_same(study, found, where)
    annotated = {name: _parts(found, name) for name in study.classes}
    sets = {"beyond_place": _beyond_place(study, found)}
    if discriminativeness is not None:
        place = Path(discriminativeness).expanduser()
        sets["discriminative"] = _discriminative(study, place, found.about.network_digest)
    return MeasuredFilters(annotated, sets), []


def _require_same(study: Study, found: Emergence, where: Path) -> None:
    for layer in study.layers:
        for name in study.classes:
            if (layer, name) not in found.judged:
                raise InputError(f"{where}: {name} was not measured in {layer}; give the study's own run")
    if study.network_digest != found.about.network_digest:
        raise InputError(f"{where}: a run of another network than the study's; give the study's own run")


def _parts(found: Emergence, object_class: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v.part for v in found.verdicts if v.object_class == object_class))


def _beyond_place(study: Study, found: Emergence) -> Members:
    members = set()
    for layer in study.layers:
        for name in study.classes:
            judged = found.judged[layer, name]
            filters = len(judged.scores.ap_train)
            serving = semantic(judged.evidence.verdicts, name, "beyond_place", filters)
            members |= {(layer, name, int(f)) for f in np.flatnonzero(serving)}
    return frozenset(members)


def _discriminative(study: Study, place: Path, network_digest: str) -> Members:
    import pandas as pd

    about: Mapping | None = manifest.stands(place)
    if about is None or "emergence" not in about:
        raise InputError(f"{place}: no finished run of partsjax discriminativeness; run it to its end first")
    if about["network_digest"] != network_digest:
        raise InputError(f"{place}: a run of another network than the study's; give one of the same weights")
    if about["layer"] not in study.layers:
        raise InputError(f"{place}: a run in {about['layer']}, which the study does not ask about")
    table = pd.read_csv(place / "filters.csv", keep_default_na=False, dtype={"object_class": str})
    if missing := set(study.classes) - set(table["object_class"]):
        raise InputError(f"{place}: lacks {', '.join(sorted(missing))}; run it with the study's classes")
    rows = table[table["discriminative"].astype(str).str.lower() == "true"]
    return frozenset(
        (str(layer), str(name), int(f))
        for layer, name, f in zip(rows["layer"], rows["object_class"], rows["filter"], strict=True)
    )
