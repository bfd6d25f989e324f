"""Platforms whose participants come by one link, with parameters that say who they are."""

import dataclasses
import re
from collections.abc import Mapping

from partsjax.judging.raters import Source

_GIVEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclasses.dataclass(frozen=True)
class Platform:
    """A platform's parameters and addresses.

    participant, study, session: names of its parameters. query: what the study's link ends with, where the
    platform does not add its parameters itself. complete: where participants return to, with {code} and
    {study} filled in.
    """

    title: str
    participant: str
    study: str
    session: str
    query: str
    complete: str


PLATFORMS = {
    "prolific": Platform(
        "Prolific",
        *("PROLIFIC_PID", "STUDY_ID", "SESSION_ID"),
        "PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}",
        "https://app.prolific.com/submissions/complete?cc={code}",
    ),
    "connect": Platform(
        "CloudResearch Connect",
        *("participantId", "projectId", "assignmentId"),
        "",
        "https://connect.cloudresearch.com/participant/project/{study}/complete",
    ),
}


def source_of(platform: str, query: Mapping[str, str]) -> Source | None:
    """Who a platform says has come; None where it does not say it in its own form."""
    known = PLATFORMS[platform]
    given = [query.get(name, "") for name in (known.participant, known.study, known.session)]
    return Source(platform, *given) if all(map(_GIVEN.fullmatch, given)) else None


def query_of(source: Source) -> dict[str, str]:
    """The parameters again."""
    known = PLATFORMS[source.platform]
    return {
        known.participant: source.participant,
        known.study: source.study,
        known.session: source.session,
    }
