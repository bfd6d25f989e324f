"""The page of commands is made from what a command says of itself."""

from docs import commands

HELP = """<?xml version="1.0"?>
<AllFlags><program>x</program><usage>Asks this.

Like so:
  python -m experiments.x --a=1
      and that.
</usage>
<flag><key>yes</key><name>kind</name><meaning>&lt;a|b&gt;: Which
   one.</meaning><default>a</default></flag>
<flag><key>yes</key><name>dir</name><meaning>Where.</meaning><default>None</default></flag>
<flag><name>absl</name><meaning>Not ours.</meaning><default>1</default></flag>
</AllFlags>"""


def test_flags_with_their_defaults_in_alphabetical_order(monkeypatch):
    monkeypatch.setattr(commands, "_asked", lambda *_: HELP)
    section = commands._section("x")
    assert section.startswith(
        "## x\n\nAsks this.\n\nLike so:\n\n```text\npython -m experiments.x --a=1\n    and that.\n```"
    )
    first = section.index("| `--dir` |  | Where. |")
    assert first < section.index("| `--kind` | `a` | &lt;a\\|b>: Which one. |")
    assert "absl" not in section
