"""What the site adds to Markdown while it is built: formulas as MathML, and pages made from the code.

mkdocs calls these functions by their names.
"""

import re
import sys
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parents[1]))
from docs.commands import commands_page

_MATHJAX = re.compile(r"<!-- Load mathjax -->.*?<!-- End of mathjax configuration -->", re.DOTALL)
_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_BLOCK = re.compile(r'<div class="arithmatex">\\\[(.*?)\\\]</div>', re.DOTALL)


def on_files(files, config):
    """Adds the page of commands, from their own `--help`."""
    files.append(File.generated(config, "reference/commands.md", content=commands_page()))
    return files


def on_page_content(html, **_):
    """LaTeX into MathML, which browsers show by themselves: no script, nothing fetched."""
    html = _MATHJAX.sub("", html)
    html = _INLINE.sub(lambda found: _mathml(found[1], "inline"), html)
    return _BLOCK.sub(lambda found: _mathml(found[1], "block"), html)


def _mathml(latex: str, display: str) -> str:
    plain = latex.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
    return convert(plain, display=display)
