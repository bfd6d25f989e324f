"""Names of the report's pages: safe as files and in addresses, whatever classes and layers are called."""

import re
from collections.abc import Hashable, Iterable
from urllib.parse import quote

from partsjax.reporting.report.records import Content

_LONGEST = 80  # characters of a name; file systems stop at 255 bytes


def _unique(names: Iterable[tuple[Hashable, str]]) -> dict[Hashable, str]:
    """key -> a name of ASCII letters, digits and ._- that no other key has, even where case is ignored."""
    taken: set[str] = set()
    chosen: dict[Hashable, str] = {}
    for key, name in names:
        if key in chosen:
            continue
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:_LONGEST] or "_"
        candidate, number = plain, 2
        while candidate.casefold() in taken:
            candidate, number = f"{plain}-{number}", number + 1
        taken.add(candidate.casefold())
        chosen[key] = candidate
    return chosen


class Links:
    """Addresses of a report's pages, relative to its folder; None where there is no such page."""

    def __init__(self, content: Content):
        layers = _unique((layer, layer) for layer in content.layers)
        self._filters = {
            (layer, page.filter): f"filters/{layers[layer]}-{page.filter}.html"
            for layer in content.layers
            for page in content.filters.get(layer, ())
        }
        parts = _unique(((v.object_class, v.part), f"{v.object_class}-{v.part}") for v in content.verdicts)
        self._parts = {key: f"parts/{name}.html" for key, name in parts.items()}
        self._anchors = _unique((layer, f"layer-{layer}") for layer in content.layers)

    def filter(self, layer: str, number: int | None) -> str | None:
        return self._filters.get((layer, number))

    def part(self, object_class: str, part: str, layer: str | None = None) -> str | None:
        """The page of a part, at its section on `layer` if given."""
        page = self._parts.get((object_class, part))
        return page if page is None or layer is None else f"{page}#{self.anchor(layer)}"

    def anchor(self, layer: str) -> str:
        return self._anchors[layer]


def picture(path: str) -> str:
    """The address of a picture whose path relative to the report's folder is `path`."""
    return quote(path, safe="/")
