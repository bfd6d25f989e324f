"""What the page of a study is made from."""

import dataclasses
from collections.abc import Sequence

from partsjax.judging.findings import StudyFindings

SHOWN = 6  # pictures of an item


@dataclasses.dataclass(frozen=True)
class JudgingReport:
    """The whole page.

    findings: all that is shown. command, facts, notes: as in the main report.
    """

    findings: StudyFindings
    command: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str] = ()

    @property
    def pictures(self) -> list[str]:
        """Files of the study's pictures that the page shows, each once."""
        shown = [p.highlighted for f in self.findings.kept.filters if f.item for p in f.item.pictures[:SHOWN]]
        return list(dict.fromkeys(shown))
