"""What a study found, from its folder."""

import contextlib
import dataclasses
import functools
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partsjax.errors import InputError
from partsjax.judging.findings import StudyFindings, study_findings
from partsjax.judging.store import DATABASE, IMAGES, Store
from partsjax.reporting.judging import judging_tables
from partsjax.reporting.rows import figure, write_table
from partsjax.runs import manifest, workdir
from partsjax.runs.judging.measured import measured_filters

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Judgements:
    """What a study found: what `judgements` returns.

    Attributes:
      folder: of the study.
      findings: everything, with intervals.
      notes: what a reader of the figures has to know, a line each.
    """

    folder: Path
    findings: StudyFindings
    notes: tuple[str, ...]

    @functools.cached_property
    def _tables(self) -> "dict[str, pd.DataFrame]":
        return judging_tables.judging_tables(self.findings)

    @property
    def judgments(self) -> "pd.DataFrame":
        """One row per layer, class and filter: the columns of `judgments.csv`, exact."""
        return self._tables["judgments.csv"]

    @property
    def fractions(self) -> "pd.DataFrame":
        """One row per layer, class and kind, with intervals."""
        return self._tables["fractions.csv"]

    @property
    def names(self) -> "pd.DataFrame":
        """One row per layer, class, kind and name."""
        return self._tables["names.csv"]

    @property
    def raters(self) -> "pd.DataFrame":
        """One row per rater who answered."""
        return self._tables["raters.csv"]

    @property
    def associations(self) -> "pd.DataFrame":
        """One row per set of filters, layer and class."""
        return self._tables["associations.csv"]

    @property
    def summary(self) -> dict[str, Any]:
        """As in `summary.json`."""
        return judging_tables.judging_summary(self.findings)

    def __repr__(self) -> str:
        from partsjax.reporting.judging.judging_words import sentences

        return f"<Judgements of {self.findings.study.title}: {' '.join(sentences(self.findings))}>"

    def _repr_html_(self) -> str:
        from partsjax.reporting.judging.judging_terminal import html_fractions

        return html_fractions(self.findings)

    @property
    def outputs(self) -> Sequence[str]:
        """Names of the files that `save` writes."""
        return (*self._tables, "summary.json")

    def save(self, folder: str | Path) -> None:
        """Writes the tables and `summary.json`.

        Raises:
          InputError: the folder cannot be written to.
        """
        folder = Path(folder).expanduser()
        with workdir.plain_errors(folder):
            workdir.make_folder(folder)
            for name, table in self._tables.items():
                with workdir.written_whole(folder / name, durable=True) as path:
                    write_table(path, table, figure)
            workdir.write_json(folder / "summary.json", self.summary)

    def write_report(self, folder: str | Path) -> None:
        """Writes a page, `index.html`, with the pictures it shows: it can be passed on without the study.

        folder: of the report alone; one that is there is replaced.

        Raises:
          InputError: the folder cannot be written to.
        """
        from partsjax.reporting.judging import JudgingReport, write_judging_report  # charts take long

        folder = Path(folder).expanduser()
        content = JudgingReport(self.findings, manifest.command(), self._facts(), self.notes)
        with workdir.plain_errors(folder):
            workdir.make_folder(folder.parent)
            with workdir.unfinished(folder) as place:
                write_judging_report(place, content)
                (place / IMAGES).mkdir()
                for name in content.pictures:
                    with contextlib.suppress(FileNotFoundError):
                        shutil.copyfile(self.folder / IMAGES / name, place / IMAGES / name)

    def _facts(self) -> list[tuple[str, str]]:
        study, qualities = self.findings.study, self.findings.qualities
        simulated = " (simulated)" if self.findings.simulated else ""
        return [
            ("network", study.network),
            ("raters", f"{len(qualities)}{simulated}; {study.raters_per_item} wanted for an item"),
            ("answers on filters", str(sum(of.answers for of in qualities))),
            ("seed", str(study.seed)),
            ("digest of the study", study.digest),
        ]


def judgements(
    folder: str | Path,
    *,
    run: str | Path | None = None,
    discriminativeness: str | Path | None = None,
    min_gold: float = 0.0,
) -> Judgements:
    """What the raters of a study say: fractions of filters by kind, agreement, names.

    Args:
      folder: of the study, or of the run of `partsjax emergence` that has it in `judging`.
      run: the run whose filters were judged, for the parts that the dataset annotates and those found beyond
        place; None: the folder around the study's, where that is the run.
      discriminativeness: a run of `partsjax discriminativeness` of the same network, for its filters.
      min_gold: raters with a lower share of right gold answers are left out; figures of all raters are
        kept beside.

    Returns:
      `judgments`, `fractions`, `names`, `raters`, `associations`: data frames, with the columns of the files
      that `save` writes; `findings`: all of it, as records.

    Raises:
      InputError: there is no study, or nobody has answered, or the run is another one.
    """
    folder = Path(folder).expanduser()
    if not (folder / DATABASE).exists() and (folder / "judging" / DATABASE).exists():
        folder = folder / "judging"
    if not 0 <= min_gold <= 1:
        raise InputError(f"min_gold={min_gold}: give a share from 0 to 1")
    with Store(folder / DATABASE) as store:
        study, answers = store.study(), store.answers()
    if not len(answers[answers["purpose"] == "filter"]):
        raise InputError(f"{folder}: nobody has answered yet; partsjax judging serve lets raters answer")
    measured, notes = measured_filters(study, folder, run, discriminativeness)
    found = study_findings(study, answers, measured, min_gold)
    if not found.kept.raters:
        raise InputError(f"min_gold={min_gold:g}: no rater reaches it; give a lower one")
    return Judgements(folder, found, (*notes, *_notes(found)))


def _notes(found: StudyFindings) -> list[str]:
    study, filters = found.study, found.kept.filters
    few = sum(f.item is not None and f.answers < study.raters_per_item for f in filters)
    notes = []
    if few:
        notes.append(
            f"{few} of {sum(f.item is not None for f in filters)} items have fewer than the "
            f"{study.raters_per_item} raters they were to have; what they said counts"
        )
    if len(found.kept.raters) < 5:
        notes.append(
            f"{len(found.kept.raters)} raters: too few to say how much others would differ; intervals may be "
            "too narrow"
        )
    return notes
