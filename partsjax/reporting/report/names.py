"""Addresses of the report's pages."""

from urllib.parse import quote

from partsjax.reporting.file_names import file_name
from partsjax.reporting.report.records import EmergenceReport


class Links:
    """Addresses of a report's pages, relative to its folder; None where there is no such page."""

    def __init__(self, content: EmergenceReport):
        self._filters = {
            (layer, page.filter): f"filters/{file_name(layer)}-{page.filter}.html"
            for layer in content.layers
            for page in content.filters.get(layer, ())
        }
        parts = dict.fromkeys((v.object_class, v.part) for v in content.verdicts)
        self._parts = {names: f"parts/{file_name(*names)}.html" for names in parts}

    def filter(self, layer: str, number: int | None) -> str | None:
        return self._filters.get((layer, number))

    def part(self, object_class: str, part: str, layer: str | None = None) -> str | None:
        """The page of a part, at its section on `layer` if given."""
        page = self._parts.get((object_class, part))
        return page if page is None or layer is None else f"{page}#{self.anchor(layer)}"

    def anchor(self, layer: str) -> str:
        return f"layer-{file_name(layer)}"


def picture(path: str) -> str:
    """The address of a picture whose path relative to the report's folder is `path`."""
    return quote(path, safe="/")
