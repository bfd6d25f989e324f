"""The pages of results show what configs hold."""

import pytest

from docs import results


@pytest.mark.parametrize("path", results.pages(), ids=lambda path: path.stem)
def test_a_page_shows_the_numbers_of_the_configs(path):
    page = path.read_text(encoding="utf-8")
    assert page == results.updated(page), f"{path.name} is out of date; run: python -m docs.results"


def test_another_number_changes_the_page(monkeypatch):
    """What stands between the marks does not matter, what is measured does."""
    page = (results.PAGES / "emergence.md").read_text(encoding="utf-8")
    found = results._layers()
    more = {name: {**layer, "emerging_paper": layer["emerging_paper"] + 30} for name, layer in found.items()}
    monkeypatch.setattr(results, "_layers", lambda: more)
    changed = results.updated(page)
    assert "| **emerge, paper's criterion** | 34 | 34 | 39 |" in changed
    monkeypatch.undo()
    assert results.updated(changed) == page
