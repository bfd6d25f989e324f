"""What measuring comes to: verdicts on parts, scores of filters, sets found."""

import collections
import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from partsjax.data.crops import Crops
from partsjax.emergence.combination import Search
from partsjax.emergence.method import Method
from partsjax.emergence.verdict import LayerSummary, Verdict, best_unregressed, summarize
from partsjax.reporting import tables
from partsjax.runs import results
from partsjax.runs.context import Context
from partsjax.runs.evidence_stage import Judged
from partsjax.runs.resamples import Images

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class About:
    """What was measured, on what and how.

    net, weights: what the network is called, and where its weights are from, as far as that is known.
    layers: in forward order; nulls: names of those that ran; search: the one that verdicts are of.
    limit: objects per class and split; input_size: side of the crops in pixels; batch_size: of crops.
    network_digest, input_fingerprint: hexadecimal, of the network and of all that it was shown.
    """

    net: str
    weights: str
    dataset: str
    classes: tuple[str, ...]
    layers: tuple[str, ...]
    nulls: tuple[str, ...]
    method: Method
    search: Search
    limit: int | None
    seed: int
    input_size: int
    batch_size: int
    network_digest: str
    input_fingerprint: str


@dataclasses.dataclass(frozen=True)
class ReadCrops:
    """A class's unseen crops; ok: bool [N], which of them could be read."""

    crops: Crops
    ok: np.ndarray

    def readable(self) -> tuple[np.ndarray, list[str]]:
        return self.ok, []


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Emergence:
    """Which parts have detectors among a network's filters: what `measure` returns and `read` reads.

    about: what was measured. judged: by (layer, class), scores and verdicts exactly.
    images: the unseen images it was judged on. crops: of them, by class; None after `read`.
    notes: what a reader of the figures has to know; skipped: images left out, a line each.
    """

    about: About
    judged: Mapping[tuple[str, str], Judged]
    images: Images
    crops: Mapping[str, ReadCrops] | None
    notes: tuple[str, ...]
    skipped: tuple[str, ...]

    @property
    def verdicts(self) -> list[Verdict]:
        """On every part, layer by layer."""
        return [v for found in self.judged.values() for v in found.evidence.verdicts]

    @functools.cached_property
    def parts(self) -> "pd.DataFrame":
        """One row per layer, class and part: the columns of `parts.csv`, with exact values."""
        return tables.parts_table(self.verdicts)

    @functools.cached_property
    def combinations(self) -> "pd.DataFrame":
        """One row per layer, class, part and search: the set that each search found."""
        return tables.combinations_table(t for found in self.judged.values() for t in found.evidence.trials)

    @functools.cached_property
    def filters(self) -> "pd.DataFrame":
        """One row per layer, class, filter and part."""
        return tables.filters_table((of.evidence.verdicts, of.scores) for of in self.judged.values())

    @functools.cached_property
    def summary(self) -> dict[str, LayerSummary]:
        """The verdicts of each layer added up."""
        verdicts, unregressed = collections.defaultdict(list), collections.defaultdict(list)
        for (layer, _), found in self.judged.items():
            verdicts[layer] += found.evidence.verdicts
            scores = found.scores
            unregressed[layer] += best_unregressed(scores.ap_train_unregressed, scores.ap_val_unregressed)
        return {layer: summarize(verdicts[layer], unregressed[layer]) for layer in self.about.layers}

    def __repr__(self) -> str:
        about = self.about
        counts = ", ".join(
            f"{layer} {of.emerging_strict} strictly ({of.emerging_paper} by the paper's criterion)"
            for layer, of in self.summary.items()
        )
        parts = next(iter(self.summary.values())).parts
        return f"Emergence({about.net} on {about.dataset}: of {parts} parts emerge {counts})"

    @property
    def outputs(self) -> Sequence[str]:
        """Names of the files that `save` writes."""
        return results.OUTPUTS

    def save(self, folder: Path) -> None:
        """Writes the files of a run: `parts.csv`, `filters.parquet`, `combinations.csv`, `summary.json` and
        `resamples.npz`, from which `read` makes the very same object again."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        results.write_tables(folder, self)

    def write_report(self, folder: str | Path, *, context: Context | None = None) -> None:
        """Writes a page that needs no network, with pictures from the data set; it begins at `index.html`."""
        from partsjax.runs.report import build_emergence_report  # charts take long to import

        build_emergence_report(Path(folder), self, context or Context())

    def manifest(self) -> Mapping[str, Any]:
        """What a run's manifest says of it, beside what all runs say."""
        return {
            "layers": self.about.layers,
            "nulls_ran": self.about.nulls,
            "batch_size": self.about.batch_size,
            "network_digest": self.about.network_digest,
            "input_fingerprint": self.about.input_fingerprint,
        }
