"""Which parts and classes of a dataset a text names."""

import collections
import dataclasses
import re
import unicodedata
from collections.abc import Mapping, Sequence

from partsjax.emergence.descriptions.reading import Descriptions
from partsjax.emergence.filter_tests import FilterPart

_POSSESSIVE = re.compile(r"['’]s?$")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]*)*")


class PartNames:
    """Names of a dataset's parts and classes, to be found in texts (our choice).

    Texts and names are taken apart into words, case-folded, without possessive endings; `_` and `-` end a
    word as spaces do. A name is found where its words follow each other, the last of them in singular or
    plural ("legs", "boxes", "bodies", "hooves"). Of names that share a word the longest counts, of equally
    long ones the first. There are no synonyms.
    """

    def __init__(self, parts: Mapping[str, Sequence[str]]):
        """parts: of every class, by its name."""
        self._parts = parts
        self._names: dict[tuple[str, ...], _Names] = collections.defaultdict(_Names)
        for object_class, of_class in parts.items():
            for phrase in _phrases(object_class):
                self._names[phrase].classes.append(object_class)
            for part in of_class:
                for phrase in _phrases(part):
                    self._names[phrase].parts.append(part)
        self._longest = max(map(len, self._names), default=0)

    def named(self, text: str) -> tuple[tuple[str, str], ...]:
        """(class, part) of all that a text names, in the dataset's order; part "": the class alone.

        A part is that of the classes that are named beside it, and of every class that has such a part where
        none is. Empty: it names nothing, or a part that no class named beside it has.
        """
        classes, parts = self._found(_words(text))
        if not parts:
            return tuple((name, "") for name in self._parts if name in classes)
        return tuple(
            (object_class, part)
            for object_class, of_class in self._parts.items()
            if not classes or object_class in classes
            for part in of_class
            if part in parts
        )

    def _found(self, words: list[str]) -> tuple[set[str], set[str]]:
        classes, parts, free = set(), set(), [True] * len(words)
        for length in range(min(self._longest, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                span = slice(start, start + length)
                names = self._names.get(tuple(words[span]))
                if names and all(free[span]):
                    free[span] = [False] * length
                    classes.update(names.classes)
                    parts.update(names.parts)
        return classes, parts


def described_pairs(
    descriptions: Descriptions, parts: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], tuple[FilterPart, ...]]:
    """By (layer, class), the filters that a description names a part of, with that part; ascending.

    parts: of every class, by its name.
    """
    names, found = PartNames(parts), {}
    for row in descriptions.rows:
        for object_class, part in names.named(row.text):
            if part:
                pair = row.filter, list(parts[object_class]).index(part)
                found.setdefault((row.layer, object_class), set()).add(pair)
    return {of: tuple(sorted(pairs)) for of, pairs in found.items()}


@dataclasses.dataclass
class _Names:
    """What one phrase names."""

    classes: list[str] = dataclasses.field(default_factory=list)
    parts: list[str] = dataclasses.field(default_factory=list)


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [_POSSESSIVE.sub("", word) for word in _WORD.findall(folded)]


def _phrases(name: str) -> set[tuple[str, ...]]:
    """A name as texts may put it."""
    *before, last = _words(name) or [""]
    return {(*before, form) for form in _forms(last)} if last else set()


def _forms(word: str) -> set[str]:
    """A word, its plurals, and what it may be the plural of."""
    forms = {word, word + "s", word + "es"}
    for singular, plural in (("y", "ies"), ("f", "ves"), ("fe", "ves")):
        if word.endswith(singular):
            forms.add(word.removesuffix(singular) + plural)
        if word.endswith(plural):
            forms.add(word.removesuffix(plural) + singular)
    for ending in ("s", "es"):
        if word.endswith(ending):
            forms.add(word.removesuffix(ending))
    return forms - {""}
