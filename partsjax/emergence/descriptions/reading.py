"""What someone else says of filters: rows of (layer, unit, text), from a CSV file or a frame."""

import csv
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from partsjax.errors import InputError, nearest, printable

if TYPE_CHECKING:
    import pandas as pd  # takes long

_COLUMNS = {
    "layer": ("layer",),
    "unit": ("unit", "filter", "neuron"),
    "text": ("text", "description", "label"),
}


@dataclasses.dataclass(frozen=True)
class Description:
    """One row.

    at: where it stands, as "line 7". text: with single spaces, and U+FFFD for control characters.
    """

    at: str
    layer: str
    filter: int
    text: str


@dataclasses.dataclass(frozen=True)
class Descriptions:
    """All rows of a source, in order; source: what error messages call it."""

    source: str
    rows: tuple[Description, ...]

    def require_filters(self, filters: Mapping[str, int]) -> None:
        """Raises `InputError` for the first row of a layer, or of a filter, that is not there.

        Args:
          filters: how many there are, by layer that is measured.
        """
        for row in self.rows:
            where = f"{self.source}: {row.at}"
            if row.layer not in filters:
                raise InputError(
                    f"{where}: layer {row.layer!r:.60} is not measured; {nearest(row.layer, filters)}"
                )
            if row.filter >= filters[row.layer]:
                raise InputError(
                    f"{where}: unit {row.filter} of layer {row.layer}, which has {filters[row.layer]}; give "
                    f"0 to {filters[row.layer] - 1}"
                )


def read_descriptions(source: "str | Path | pd.DataFrame") -> Descriptions:
    """Descriptions of a CSV file in UTF-8, or of a frame.

    Columns, in any order and case, others beside them: `layer`; `unit`, `filter` or `neuron`, counted from 0;
    `text`, `description` or `label`. Blank lines are left out.

    Raises:
      InputError: it is not such a file, or a row is not one, or stands twice; the line names the first.
    """
    if hasattr(source, "itertuples"):
        return _parsed("descriptions", _of_frame(source))
    if not isinstance(source, str | Path):
        raise InputError(f"descriptions: neither a path nor a frame but {source!r:.60}; give one of these")
    path = Path(source).expanduser()
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            return _parsed(str(source), _of_file(file))
    except FileNotFoundError:
        raise InputError(f"{source}: not found; give a CSV file of layer, unit and text") from None
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or no path
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise InputError(f"{source}: cannot be read ({reason}); give a CSV file in UTF-8") from None
    except csv.Error as error:
        raise InputError(f"{source}: not CSV ({error}); put text with commas or quotes in quotes") from None


_Rows = Iterator[tuple[str, list]]


def _of_file(file: Iterable[str]) -> _Rows:
    lines = csv.reader(file, strict=True)
    yield from ((f"line {lines.line_num}", cells) for cells in lines if any(map(str.strip, cells)))


def _of_frame(frame: "pd.DataFrame") -> _Rows:
    yield "columns", list(map(str, frame.columns))
    given = frame.astype(object).where(frame.notna(), "")
    yield from ((f"row {n}", list(row)) for n, row in enumerate(given.itertuples(index=False, name=None)))


def _parsed(source: str, rows: _Rows) -> Descriptions:
    header = next(rows, ("", []))[1]
    places = _places(source, header)
    found: dict[tuple[str, int, str], Description] = {}
    for at, cells in rows:
        where = f"{source}: {at}"
        if len(cells) != len(header):
            raise InputError(
                f"{where}: {len(cells)} cells where the header has {len(header)}; put text with commas in "
                "quotes"
            )
        layer, unit, text = (_text(cells[place]) for place in places)
        if not re.fullmatch(r"[0-9]{1,9}(\.0+)?", unit):
            raise InputError(f"{where}: unit {unit!r:.40}; give a whole number of at least 0")
        if not layer or not text:
            raise InputError(f"{where}: {'text' if layer else 'layer'} is empty; fill it in, or drop the row")
        row = Description(at, layer, int(float(unit)), text)
        before = found.setdefault((layer, row.filter, text.casefold()), row)
        if before is not row:
            raise InputError(f"{where}: the same as {before.at}; keep one of the two")
    if not found:
        raise InputError(f"{source}: no description in it; give a row for each")
    return Descriptions(source, tuple(found.values()))


def _places(source: str, header: list[str]) -> list[int]:
    """Where layer, unit and text stand."""
    names = [_text(name).casefold() for name in header]
    places = []
    for column, words in _COLUMNS.items():
        at = [n for n, name in enumerate(names) if name in words]
        if len(at) != 1:
            fault = f"no column {column}" if not at else f"two columns for {column}"
            also = f" (or {' or '.join(words[1:])})" if words[1:] else ""
            shown = ", ".join(names) or "nothing"
            raise InputError(
                f"{source}: {fault}{also} in its header: {shown:.120}; give layer, unit and text"
            )
        places += at
    return places


def _text(cell) -> str:
    return printable(" ".join(str(cell).split()))
