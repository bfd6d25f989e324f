"""The chart of docs/results/directions.md: the report's own, of all networks, in its light colors."""

import json
import re
from importlib import resources
from pathlib import Path

from docs import direction_tables, measured
from partsjax.reporting.report.carried_chart import carried

CHART = measured.ROOT / "docs" / "results" / "carried.svg"
_WIDTH = 300  # of the bars: small enough to be read on a phone


def draw(path: Path = CHART) -> None:
    """Writes the chart of what configs/measured/directions holds."""
    import vl_convert

    spec = carried({name: of["carried"] for name, of in direction_tables.layers("directions").items()})
    spec |= {"width": _WIDTH, "config": {**spec["config"], "background": "white"}}
    spec["padding"] = {"left": 24, "top": 5, "right": 12, "bottom": 5}  # readers' fonts may be wider
    drawn = vl_convert.vegalite_to_svg(_in_light_colors(json.dumps(spec)).replace("system-ui", "Arial"))
    path.write_text(drawn + "\n", encoding="utf-8")


def _in_light_colors(spec: str) -> str:
    style = resources.files("partsjax.reporting.report").joinpath("static", "report.css").read_text("utf-8")
    colors = dict(re.findall(r"--([\w-]+): (#\w+);", style.split("@media")[0]))
    return re.sub(r"var\(--([\w-]+)\)", lambda found: colors[found[1]], spec)
