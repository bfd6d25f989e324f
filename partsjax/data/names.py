"""Names of classes and parts: one line of text, spelled one way."""

import re
import unicodedata
from collections.abc import Iterable


def cleaned(name: str) -> str:
    """A name in Unicode's composed form (NFC), without white space at its ends.

    Raises:
      ValueError: it is empty, or holds control characters, line breaks or lone surrogates; says which.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if not name:
        raise ValueError("is empty")
    # Cc: control characters, tabs and line feeds too; Cs: surrogates; Zl, Zp: line and paragraph separators.
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise ValueError("holds a control character, a line break or half a character (surrogate)")
    return name


def nearly_equal(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of different names that are one but for upper and lower case, or spaces, `_` and `-`."""
    seen, pairs = {}, []
    for name in dict.fromkeys(names):
        first = seen.setdefault(re.sub(r"[\s_-]+", " ", name.casefold()), name)
        if first != name:
            pairs.append((first, name))
    return pairs
