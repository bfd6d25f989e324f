"""Writes measured numbers into the pages of docs/results and docs/design: `python -m docs.results`.

A page is prose with lines `<!-- table: NAME -->` and `<!-- end -->`; what stands between them is made here,
from `measured` in configs/*.py and from configs/measured/, where files are kept as a run wrote them. To
publish a new run, copy its files over those there, set `measured`, and run this.
"""

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from docs import (
    architecture_tables,
    class_score_tables,
    direction_chart,
    direction_tables,
    emergence_tables,
    measured,
    paper_table,
    speed_tables,
    supervision_tables,
)

DOCS = measured.ROOT / "docs"
_BLOCK = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def updated(page: str) -> str:
    """The text of a page with every table made anew."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{_made(found[2])}\n\n{found[3]}", page)


def _made(name: str) -> str:
    if name.endswith(".csv"):
        return measured.markdown(*measured.rows(name))
    if name.startswith("account_"):
        return speed_tables.account(name.removeprefix("account_"))
    return {
        "counts": emergence_tables.counts,
        "means": emergence_tables.means,
        "beyond": emergence_tables.beyond,
        "knows": emergence_tables.knows,
        "parts": emergence_tables.parts,
        "searches": emergence_tables.searches,
        "paper": paper_table.beside_the_paper,
        "levels": supervision_tables.levels,
        "discriminative_filters": partial(class_score_tables.filters, "class_scores"),
        "discriminative_parts": partial(class_score_tables.parts, "class_scores"),
        "imagenet_recognized": partial(class_score_tables.recognized, "class_scores_imagenet"),
        "imagenet_filters": partial(class_score_tables.filters, "class_scores_imagenet"),
        "imagenet_parts": partial(class_score_tables.parts, "class_scores_imagenet"),
        "architectures": architecture_tables.depths,
        "efficientnet": architecture_tables.beyond,
        "rotated": architecture_tables.rotated,
        "carried": partial(direction_tables.carried, "directions"),
        "decodable": partial(direction_tables.decodable, "directions"),
        "criteria": partial(direction_tables.criteria, "directions"),
        "carried_parts": partial(direction_tables.parts, "directions"),
        "carried_car_parts": partial(direction_tables.parts, "directions_of_cars"),
        "carried_cars": partial(direction_tables.carried, "directions_of_cars"),
        "decodable_cars": partial(direction_tables.decodable, "directions_of_cars"),
        "criteria_cars": partial(direction_tables.criteria, "directions_of_cars"),
        "untrained_cars": partial(direction_tables.decodable, "directions_of_cars_untrained"),
        "carried_rotated": partial(direction_tables.carried, "directions_rotated"),
        "decodable_rotated": partial(direction_tables.decodable, "directions_rotated"),
        "criteria_images": partial(direction_tables.criteria, "directions_of_images"),
        "best_units": partial(direction_tables.best_units, "directions_of_images"),
        "speed": speed,
        "growth": speed_tables.growth,
    }[name]()


def speed() -> str:
    """Whole commands: time and memory."""
    paths = sorted((measured.ROOT / "configs").glob("*.py"))
    configs = {f"configs/{path.name}": measured.config(path.stem) for path in paths}
    runs = [
        [m["what"], f"`--config={name}`", m["time"], m["memory"], f"{m['hardware']}, {m['date']}"]
        for name, m in configs.items()
        if m
    ]
    header, *drawn = measured.rows("commands.csv")
    first = [dict(zip(header, row, strict=True)) for row in drawn]
    first = [[r["what"], f"`{r['command']}`", r["time"], r["memory"], r["on"]] for r in first]
    return measured.markdown(["what", "command", "time", "memory", "on"], *first, *runs)


def pages() -> Iterable[Path]:
    return [*sorted((DOCS / "results").glob("*.md")), DOCS / "design" / "speed.md"]


if __name__ == "__main__":
    for path in pages():
        path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
    direction_chart.draw()
