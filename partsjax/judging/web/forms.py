"""What a rater typed, as an answer."""

import dataclasses
import re

from starlette.exceptions import HTTPException

from partsjax.errors import InputError
from partsjax.judging.items import KINDS, LONGEST_NAME, SURENESS, Answer

_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclasses.dataclass(frozen=True)
class Fields:
    """The form of an item, as far as it is filled in: consistent is "yes" or "no", sure "1" to "3"."""

    consistent: str = ""
    kind: str = ""
    name: str = ""
    sure: str = ""
    key: str = ""

    @staticmethod
    def of(answer: Answer | None) -> "Fields":
        """As the answer filled it in."""
        if answer is None:
            return Fields()
        consistent = "yes" if answer.consistent else "no"
        return Fields(consistent, answer.kind or "", answer.name, str(answer.sure))

    @staticmethod
    def typed(form: dict[str, list[str]]) -> "Fields":
        """As it was posted.

        Raises:
          HTTPException: 400 where it has no key, which the page itself fills in.
        """
        names = [field.name for field in dataclasses.fields(Fields)]
        fields = Fields(**{name: form.get(name, [""])[-1] for name in names})
        if not _KEY.fullmatch(fields.key):
            raise HTTPException(400, "This is not a form of the study.")
        return fields


def answer_of(fields: Fields) -> Answer:
    """The answer that a form gives.

    Raises:
      InputError: something is missing, or cannot be said.
    """
    if fields.consistent not in ("yes", "no"):
        raise InputError("Say first whether it is one concept.")
    kind, name = None, ""
    if fields.consistent == "yes":
        kind, name = fields.kind, " ".join(fields.name.split())
        if kind not in KINDS:
            raise InputError("Say which kind of concept it is.")
        if kind == "part" and not name:
            raise InputError("Give the part's name.")
        if len(name) > LONGEST_NAME:
            raise InputError(f"Give a name of at most {LONGEST_NAME} characters.")
        if not name.isprintable():
            raise InputError("Give a name of letters, digits and signs alone.")
    if fields.sure not in map(str, SURENESS):
        raise InputError("Say how sure you are.")
    return Answer(fields.consistent == "yes", kind, name, int(fields.sure))


def whole(form: dict[str, list[str]], name: str) -> int:
    """A whole number that the page itself fills in.

    Raises:
      HTTPException: 400 where there is none.
    """
    text = form.get(name, [""])[-1]
    if not _WHOLE.fullmatch(text):
        raise HTTPException(400, "This is not a form of the study.")
    return int(text)
