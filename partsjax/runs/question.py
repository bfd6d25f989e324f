"""A question as a run asks it, and its result."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from partsjax.runs.context import Context


class Result(Protocol):
    """The result of a question, as far as a run needs it.

    outputs: names of the files that `save` writes and the manifest vouches for.
    skipped: what was wrong with images that were left out, a line each.
    """

    @property
    def outputs(self) -> Sequence[str]: ...

    @property
    def skipped(self) -> Sequence[str]: ...

    def save(self, folder: Path) -> None:
        """Writes `outputs`, each whole or not at all."""

    def manifest(self) -> Mapping[str, Any]:
        """What only this kind of run has to say of itself; JSON-able."""


R = TypeVar("R", bound=Result)


def save(result: Result, folder: Path, context: Context) -> None:
    """The tables of a result; most results have nothing else to write."""
    with context.clock("tables"):
        result.save(folder)


@dataclasses.dataclass(frozen=True)
class Question(Generic[R]):
    """One question, which `skeleton.run` asks in a folder.

    options: a dataclass of all that decides the result; a folder belongs to one such record.
    module: whose code answers, for the manifest. dtype: the network computes in.
    prepare: loads what the options name and gives the function that answers. Mistakes in names show here,
      before the folder is claimed.
    write: writes the result.
    """

    options: Any
    module: str
    dtype: str
    prepare: Callable[[Context], Callable[[Context], R]]
    write: Callable[[R, Path, Context], None] = save
