"""Troubleshooting's headings are messages that the code can give."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^### (.*)$", PAGE, re.MULTILINE)


def messages(code: str) -> list[str]:
    """Every string of some source, an f-string with `…` for what it puts in."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.append("".join(v.value if isinstance(v, ast.Constant) else "…" for v in node.values))
    return found


SAID = [
    text for path in (ROOT / "partsjax").rglob("*.py") for text in messages(path.read_text(encoding="utf-8"))
]


def can_be_said(heading: str, said: list[str]) -> bool:
    pattern = ".*".join(re.escape(piece.strip()) for piece in heading.split("…"))
    return any(re.search(pattern, text, re.DOTALL) for text in said)


def test_there_are_headings():
    assert len(HEADINGS) > 20 and len(HEADINGS) == len(set(HEADINGS))


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_heading_is_a_message(heading):
    assert can_be_said(heading, SAID)


def test_another_message_is_noticed():
    said = messages("raise InputError(f'{folder}: in use' ' by another run; wait')")
    assert can_be_said("in use … wait", said)
    assert not can_be_said("in use elsewhere", said)
