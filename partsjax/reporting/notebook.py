"""Results as a notebook shows them: HTML tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jinja2 import Environment

from partsjax.reporting.verdict_table import CAPTION, VerdictTable

if TYPE_CHECKING:
    import pandas as pd

_VERDICTS = """
<div class="partsjax-verdicts">
<style scoped>
.partsjax-verdicts { overflow-x: auto; }
.partsjax-verdicts table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.partsjax-verdicts caption { caption-side: top; text-align: left; }
.partsjax-verdicts th, .partsjax-verdicts td { border: 0; padding: 0.1em 0.6em; text-align: right; }
.partsjax-verdicts td { white-space: nowrap; }
.partsjax-verdicts tbody th, .partsjax-verdicts th:first-child { text-align: left; white-space: pre; }
.partsjax-verdicts tbody th { font-weight: normal; }
.partsjax-verdicts .begins > * { border-top: 1px solid; }
.partsjax-verdicts .marks { display: inline-block; min-width: 1.7em; text-align: left; }
.partsjax-verdicts .beyond, .partsjax-verdicts tbody .counts > * { font-weight: bold; }
</style>
<p>{{ title }}{% if table.headline %}<br><b>{{ table.headline }}</b>{% endif %}</p>
<table>
<caption>{{ caption }}</caption>
<thead><tr><th scope="col">part</th><th scope="col">boxes train/val</th><th scope="col">place prior</th>
{%- for layer in table.layers %}<th scope="col">{{ layer }}</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in table.rows %}
<tr class="{% if not loop.previtem or row.section != loop.previtem.section %}begins {% endif %}
{%- if row.counts %}counts{% endif %}">
<th scope="row">{{ row.label }}</th><td>{{ row.boxes }}</td><td>{{ row.place }}</td>
{%- for cell in row.cells %}<td{% if cell.place == "▲" %} class="beyond"{% endif %}>{{ cell.text }}
<span class="marks">{{ cell.place }}{{ cell.level }}{{ cell.carried.strip() }}</span></td>{% endfor %}</tr>
{%- endfor %}
</tbody></table>
<p>{{ table.legend }}</p>
{%- for note in notes %}<p>note: {{ note }}</p>{% endfor %}
</div>
"""

_FRAMES = """
<div>{% for title, frame in frames %}<p><b>{{ title }}</b></p>{{ frame|safe }}{% endfor %}</div>
"""


def verdicts_html(title: str, table: VerdictTable, notes: Sequence[str]) -> str:
    """The table of verdicts, its legend and the notes."""
    return _rendered(_VERDICTS, title=title, table=table, caption=CAPTION, notes=notes)


def frames_html(frames: "Sequence[tuple[str, pd.DataFrame]]") -> str:
    """Frames below each other, each under its title; APs with three decimals."""
    tables = [(title, frame.to_html(index=False, float_format="{:.3f}".format)) for title, frame in frames]
    return _rendered(_FRAMES, frames=tables)


def _rendered(template: str, **values) -> str:
    return Environment(autoescape=True).from_string(template).render(**values)
