"""Results as a notebook shows them: HTML tables."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jinja2 import Environment

from partsjax.reporting.report.records import FractionBox
from partsjax.reporting.report.strips import outline
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


_PICTURES = """
<div class="partsjax-pictures">
<style scoped>
.partsjax-pictures ul { display: flex; flex-wrap: wrap; gap: 0.6em; padding: 0; margin: 0.5em 0; }
.partsjax-pictures li { width: 128px; list-style: none; margin: 0; font-size: 0.85em; }
.partsjax-pictures svg { display: block; width: 128px; height: 128px; }
.partsjax-pictures path { fill: none; vector-effect: non-scaling-stroke; stroke-width: 2; }
.partsjax-pictures .halo { stroke: #000; stroke-width: 4.5; stroke-opacity: 0.55; }
.partsjax-pictures .fires { stroke: #ffd23d; }
.partsjax-pictures .part { stroke: #3ddc84; stroke-dasharray: 5 3; }
.partsjax-pictures .table { overflow-x: auto; }
</style>
<p>{{ title }}</p>
{%- if pictures %}
<ul>
{%- for one in pictures %}
<li><svg viewBox="0 0 100 100" role="img" aria-label="crop {{ one.crop }}"><title>{{ one.crop }}</title>
<image href="{{ one.address }}" width="100" height="100"/>
{%- for name, box in (("fires", one.box), ("part", one.part_box)) if box %}
{%- for kind in ("halo", name) %}<path class="{{ kind }}" d="{{ box|outline }}"/>{% endfor %}
{%- endfor %}</svg>{{ one.caption }}</li>
{%- endfor %}
</ul>
{%- if pictures|selectattr("box")|list %}
<p>Solid: receptive field of the strongest stimulus. Dashed: the box of the part that it is regressed to.</p>
{%- endif %}
<details><summary>As a table</summary><div class="table">{{ frame|safe }}</div></details>
{%- else %}<div class="table">{{ frame|safe }}</div>{% endif %}
</div>
"""


@dataclasses.dataclass(frozen=True)
class BoxedPicture:
    """A crop: the address of its picture, its name, what stands below it, and up to two boxes.

    box: the receptive field of a stimulus; part_box: what that is regressed to.
    """

    address: str
    crop: str
    caption: str
    box: FractionBox | None = None
    part_box: FractionBox | None = None


def pictures_html(title: str, pictures: Sequence[BoxedPicture], frame: "pd.DataFrame") -> str:
    """Pictures beside each other, and the frame below, or alone where there are none."""
    table = frame.to_html(index=False, float_format="{:.4g}".format)
    return _rendered(_PICTURES, title=title, pictures=pictures, frame=table)


def verdicts_html(title: str, table: VerdictTable, notes: Sequence[str]) -> str:
    """The table of verdicts, its legend and the notes."""
    return _rendered(_VERDICTS, title=title, table=table, caption=CAPTION, notes=notes)


def frames_html(frames: "Sequence[tuple[str, pd.DataFrame]]") -> str:
    """Frames below each other, each under its title; APs with three decimals."""
    tables = [(title, frame.to_html(index=False, float_format="{:.3f}".format)) for title, frame in frames]
    return _rendered(_FRAMES, frames=tables)


def _rendered(template: str, **values) -> str:
    environment = Environment(autoescape=True)
    environment.filters["outline"] = outline
    return environment.from_string(template).render(**values)
