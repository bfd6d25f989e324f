"""The result: filters and parts that class scores rest on, and how they relate to what emerges."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from partsjax.data.crops import Crops
from partsjax.discriminativeness.findings import ClassDrops, LayerFindings
from partsjax.networks.protocol import Network
from partsjax.progress import bars, silent
from partsjax.reporting.discriminative import drop_tables, table
from partsjax.reporting.rows import figure, write_table
from partsjax.runs import workdir
from partsjax.runs.context import Context

if TYPE_CHECKING:
    import pandas as pd

DISCRIMINATIVENESS_FILES = ("filters.csv", "parts.csv", "summary.json")


@dataclasses.dataclass(frozen=True)
class DiscriminativenessFacts:
    """What was asked, and of what.

    net, weights: what the network is called, and where its weights are from, as far as that is known.
    emergence: the folder it is kept in, seen from the run's own; "" where it was given or measured in memory.
    batch_size: of crops. network_digest, input_fingerprint: hexadecimal, of the network and of all it saw.
    """

    net: str
    weights: str
    dataset: str
    emergence: str
    seed: int
    batch_size: int
    network_digest: str
    input_fingerprint: str


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Discriminativeness:
    """Which filters and parts class scores rest on, and which of them emerge: what `discriminate` returns.

    about: what was asked. findings: of every class and of the layer, with intervals and bootstrap samples.
    drops: by class, what each readable crop loses. crops: by class, those of unseen images; readable: by
    class, which of them could be read, bool [N].
    notes: what a reader of the figures has to know; skipped: images left out, a line each.
    """

    about: DiscriminativenessFacts
    findings: LayerFindings
    drops: Mapping[str, ClassDrops]
    crops: Mapping[str, Crops]
    readable: Mapping[str, np.ndarray]
    network: Network
    notes: tuple[str, ...]
    skipped: tuple[str, ...]

    @property
    def layer(self) -> str:
        return self.findings.layer

    @functools.cached_property
    def filters(self) -> "pd.DataFrame":
        """One row per class and filter: the columns of `filters.csv`, exact."""
        return drop_tables.filter_drop_table(self.findings)

    @functools.cached_property
    def parts(self) -> "pd.DataFrame":
        """One row per class and part: the columns of `parts.csv`, exact."""
        return drop_tables.part_drop_table(self.findings)

    @property
    def summary(self) -> dict[str, Any]:
        """Counts and correlations by class and over all classes, as in `summary.json`."""
        names = {"network": self.about.net, "weights": self.about.weights, "dataset": self.about.dataset}
        return drop_tables.discriminativeness_summary(names, self.findings)

    def __repr__(self) -> str:
        return (
            f"Discriminativeness({self.about.net} on {self.about.dataset}: {table.sentence(self.findings)})"
        )

    def _repr_html_(self) -> str:
        return table.html_table(self.findings)

    @property
    def outputs(self) -> Sequence[str]:
        """Names of the files that `save` writes."""
        return DISCRIMINATIVENESS_FILES

    def save(self, folder: str | Path) -> None:
        """Writes `filters.csv`, `parts.csv` and `summary.json`.

        Raises:
          InputError: the folder cannot be written to.
        """
        folder = Path(folder).expanduser()
        with workdir.plain_errors(folder):
            workdir.make_folder(folder)
            for name, frame in zip(DISCRIMINATIVENESS_FILES, (self.filters, self.parts), strict=False):
                with workdir.written_whole(folder / name, durable=True) as path:
                    write_table(path, frame, figure)
            workdir.write_json(folder / "summary.json", self.summary)

    def write_report(self, folder: str | Path, *, progress: bool = True) -> None:
        """Writes a page that needs no network, with pictures from the dataset; it begins at `index.html`.

        folder: of the report alone; one that is there is replaced.

        Raises:
          InputError: the folder cannot be written to.
        """
        from partsjax.runs.discriminativeness.report import (
            draw_discriminativeness_report,  # charts take long to import
        )

        folder = Path(folder).expanduser()
        with workdir.plain_errors(folder):
            draw_discriminativeness_report(folder, self, Context(progress=bars() if progress else silent))

    def manifest(self) -> Mapping[str, Any]:
        """What a run's manifest says of it, besides what all runs say."""
        return {
            "layer": self.layer,
            "split": "val",
            "batch_size": self.about.batch_size,
            "network_digest": self.about.network_digest,
            "emergence": self.about.emergence,
            "input_fingerprint": self.about.input_fingerprint,
        }
