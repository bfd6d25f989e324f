"""What the README and the pages of docs point to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "BUILD_NOTES.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
COMMANDS = re.compile(r"python -m ((?:experiments|benchmarks|docs|tests)[.\w]*)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_commands_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", text)
    made = {ROOT / "docs" / "reference" / "commands.md"}  # when the site is built
    missing = [
        link for link in links if not (page.parent / link).exists() and (page.parent / link) not in made
    ]
    assert not missing
    for name in COMMANDS.findall(text):
        place = ROOT.joinpath(*name.rstrip(".").split("."))
        assert place.is_dir() or place.with_suffix(".py").is_file() or name == "experiments.NAME", name
    for config in re.findall(r"--config=(configs/\S+?\.py)", text):
        assert (ROOT / config).is_file(), config


def test_the_readme_is_a_page():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
    assert (ROOT / "docs" / "report.png").stat().st_size < 150_000
