"""What the glossary says a term is in code is a word of the code, and each term stands there once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "concepts" / "glossary.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (?!term|---)([^|]+) \| ([^|]+) \| ?([^|]*) ?\|$", PAGE, re.MULTILINE)
SPELLED = [(term, word) for term, _, code in ROWS for word in re.findall(r"`([^`]+)`", code)]
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "partsjax").rglob("*.py")))


def words(spelled: str) -> list[str]:
    """The words of the code that `--weights=W/checkpoint`, `Part.mask` or `prior_*` are made of."""
    return [word.strip("_") for word in re.findall(r"[a-zA-Z_]{3,}", spelled)]


@pytest.mark.parametrize(("term", "spelled"), SPELLED, ids=lambda value: value)
def test_a_spelling_is_the_codes(term, spelled):
    assert all(re.search(rf"(\b|_){word}(\b|_)", SOURCE) for word in words(spelled))


def test_each_term_stands_once():
    terms = [term for row in ROWS for term in row[0].split(", ")]
    assert len(terms) > 60 and len(terms) == len(set(terms))


def test_no_other_word_is_used_for_a_term():
    """In code, messages and pages: dataset, significantly, by descending score."""
    others = re.compile(
        r"\b(data sets?|surely|with certainty|falling (score|activation)|firings|told)\b", re.IGNORECASE
    )
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "partsjax").rglob("*.html")]
    for path in [*pages, *(ROOT / "partsjax").rglob("*.py")]:
        found = others.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found[0]}"
