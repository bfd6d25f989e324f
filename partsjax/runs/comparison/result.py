"""The result of a comparison: tables of networks by layer, and of their differences."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from partsjax.reporting.comparison import ComparisonReport, comparison_tables
from partsjax.reporting.comparison.comparison_summary import comparison_summary
from partsjax.reporting.rows import write_table
from partsjax.runs import workdir

COMPARISON_FILES = ("comparison.csv", "pairs.csv", "differences.csv", "part_differences.csv", "summary.json")


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Several networks measured on the same images.

    content: all that is shown of them. digests: by network and seed, of the network.
    skipped: what was wrong with images that were left out, a line each.
    """

    content: ComparisonReport
    digests: Mapping[str, str]
    skipped: Sequence[str]

    @property
    def outputs(self) -> Sequence[str]:
        """Names of the files that `save` writes."""
        return COMPARISON_FILES

    def save(self, folder: Path) -> None:
        tables = (
            comparison_tables.comparison_table,
            comparison_tables.pair_table,
            comparison_tables.difference_table,
            comparison_tables.part_difference_table,
        )
        for name, table in zip(COMPARISON_FILES, tables, strict=False):
            with workdir.written_whole(folder / name, durable=True) as path:
                write_table(path, table(self.content))
        workdir.write_json(folder / "summary.json", comparison_summary(self.content))

    def manifest(self) -> Mapping[str, Any]:
        """What a run's manifest says of it, besides what all runs say."""
        return {"networks": self.digests}
