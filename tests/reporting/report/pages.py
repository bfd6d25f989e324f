"""A report's pages as a reader of HTML sees them."""

import dataclasses
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_VOID = {"meta", "link", "img", "input", "br", "path", "circle"}


@dataclasses.dataclass
class Page(HTMLParser):
    """One parsed page: elements as (tag, attributes), its text, tables' cells by table id."""

    path: Path

    def __post_init__(self):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.tables: dict[str, list[list[str]]] = {}
        self._open: list[str] = []
        self._rows: list[list[str]] | None = None
        self.feed(self.path.read_text(encoding="utf-8"))
        self.close()
        assert not self._open, f"{self.path.name}: not closed: {self._open}"

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), f"{self.path.name}: {tag} has an attribute twice"
        self.elements.append((tag, {name: value or "" for name, value in attributes}))
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "table":
            self._rows = self.tables.setdefault(dict(attributes).get("id") or f"{len(self.tables)}", [])
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open and self._open[-1] == tag, f"{self.path.name}: </{tag}> in {self._open[-3:]}"
        self._open.pop()

    def handle_data(self, data):
        if self._open and self._open[-1] in ("script", "style"):
            return
        self.text += data
        if "table" in self._open and ("td" in self._open or "th" in self._open):
            self._rows[-1][-1] += data

    def all(self, *tags: str) -> list[dict[str, str]]:
        """Attributes of all elements with one of these tags."""
        return [attributes for tag, attributes in self.elements if tag in tags]

    def table(self, name: str) -> list[list[str]]:
        """Cells of a table, white space made plain."""
        return [[" ".join(cell.split()) for cell in row] for row in self.tables[name]]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def read(folder: Path) -> dict[str, Page]:
    """All pages of a report, by their path in its folder."""
    return {str(path.relative_to(folder)): Page(path) for path in sorted(folder.rglob("*.html"))}


def linked(folder: Path, read: dict[str, Page]) -> set[Path]:
    """Every file that a page links to or shows; fails where one is outside the folder or not there."""
    found = set()
    for page in read.values():
        for attributes in page.all("a", "link", "img", "script"):
            target = attributes.get("href") or attributes.get("src")
            if target is None or target == "data:,":
                continue
            address = urlsplit(target)
            assert not address.scheme and not address.netloc, f"{page.path}: {target}"
            path = page.path if not address.path else page.path.parent / unquote(address.path)
            path = path.resolve()
            assert path.is_relative_to(folder.resolve()) and path.is_file(), f"{page.path}: {target}"
            if address.fragment:
                there = read[str(path.relative_to(folder.resolve()))]
                assert unquote(address.fragment) in there.ids, f"{page.path}: {target}"
            found.add(path)
    return found
