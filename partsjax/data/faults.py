"""Faults of a dataset's files, gathered so that those of one kind are reported together."""

import dataclasses
import os
from collections.abc import Sequence

from partsjax.errors import InputError

NAMED = 5
"""How many of a kind are named, and how many kinds."""


class Wrong(ValueError):
    """What is wrong with one entry, and the fix."""

    def __init__(self, what: str, fix: str):
        super().__init__(what)
        self.fix = fix


@dataclasses.dataclass(frozen=True)
class _Fault:
    path: str
    entry: str
    what: str


class Faults:
    """What is wrong in some files.

    Faults that one fix removes are of one kind. With `skip_bad` what can be left out is, and is counted in
    the notes; otherwise `settle` refuses all of them in one line.
    """

    def __init__(self, skip_bad: bool = False):
        self._skip_bad = skip_bad
        self._kinds: dict[tuple[str, str, bool], list[_Fault]] = {}

    def add(self, path, entry, what: str, fix: str, *, of: str = "annotation", can_skip: bool = True) -> None:
        """One fault: `of` and `entry` say in which entry of `path`, as annotation 11."""
        self._kinds.setdefault((of, fix, can_skip), []).append(_Fault(os.fspath(path), str(entry), what))

    def settle(self) -> None:
        """Refuses what was added and is not to be left out.

        Raises:
          InputError: one line, by kind: the first fault in full, the first five by name, and how many.
        """
        lines = [
            f"{_together(of, faults)}; {fix}{' (or --skip_bad to go on without)' if can_skip else ''}"
            for (of, fix, can_skip), faults in self._kinds.items()
            if not (can_skip and self._skip_bad)
        ]
        if lines:
            more = [f"{len(lines) - NAMED} more kinds of faults"] if len(lines) > NAMED else []
            raise InputError(" | ".join(lines[:NAMED] + more))

    def notes(self) -> list[str]:
        """What is left out, a line for each kind."""
        return [
            f"left out by --skip_bad, {len(faults)} of a kind: {_together(of, faults)}"
            for (of, _, can_skip), faults in self._kinds.items()
            if can_skip and self._skip_bad
        ]


def _together(of: str, faults: Sequence[_Fault]) -> str:
    first = faults[0]
    text = f"{first.path}: {of} {first.entry} {first.what}"
    if len(faults) == 1:
        return text
    return f"{text} ({len(faults)} such: {listed([_name(fault, first) for fault in faults])})"


def _name(fault: _Fault, first: _Fault) -> str:
    elsewhere = "" if fault.path == first.path else f" in {os.path.basename(fault.path)}"
    return fault.entry + elsewhere


def listed(names: Sequence[str]) -> str:
    """The first five of some names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
