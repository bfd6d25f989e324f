"""The account of where a run's time goes, and the plot of how cost grows."""

import json

from docs import measured

_MEASURED = measured.ROOT / "benchmarks" / "measured"


def account(name: str) -> str:
    """Stages of a run beside their floors; name: of `benchmarks.account`."""
    path = _MEASURED / f"account_{name}.json"
    if not path.exists():
        return f"Not measured yet; `python -m benchmarks.account {name} FOLDER` fills this in."
    found = json.loads(path.read_text(encoding="utf-8"))
    total = sum(stage["seconds"] for stage in found["stages"])
    rows = []
    for stage in found["stages"]:
        floor, seconds = stage["floor"], stage["seconds"]
        least = ["–", "–", ""] if floor is None else [f"{floor:.2g}", f"{seconds / floor:.2g}", stage["why"]]
        rows.append([stage["stage"], f"{seconds:.1f}", f"{seconds / total:.0%}", *least])
    rate = found["rates"]
    return "\n".join(
        [
            f"`{found['command']}` on {found['on']}: {total:.0f} s in all stages, "
            f"{found['peak_bytes'] / 2**30:.1f} GiB.",
            "",
            measured.markdown(
                ["stage", "seconds", "share", "floor, s", "times its floor", "floor of"], *rows
            ),
            "",
            f"Rates: {rate['float32'] / 1e9:.0f} GFLOP/s in float32 products, {rate['float64'] / 1e9:.0f} in "
            f"float64, {rate['overlaps'] / 1e9:.2f} G overlaps/s, {rate['sorted'] / 1e6:.0f} M "
            f"numbers sorted/s, {rate['bytes'] / 1e9:.0f} GB/s in cache, "
            f"{rate['crops']:.0f} crops/s read.",
        ]
    )


def growth() -> str:
    """The plot of `benchmarks.growth`, where it was drawn."""
    if not (measured.ROOT / "docs" / "results" / "growth.svg").exists():
        return "Not measured yet; `python -m benchmarks growth` draws it."
    return "![Time and memory against objects, filters, parts, population and classes](growth.svg)"
