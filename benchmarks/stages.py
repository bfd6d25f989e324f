"""Each stage's share of whole runs, from their manifests.

python -m benchmarks.stages [--data_dir=DIR]
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.sections import Section, publish


def section(data_dir: str | None) -> Section:
    runs = [("--net=alexnet",)]
    if data_dir:
        where = ("--dataset=coco_parts", f"--data_dir={data_dir}", "--classes=horse")
        runs.append(("--net=alexnet", "--layers=conv5", *where))
    texts, numbers = zip(*(_stages(*arguments) for arguments in runs), strict=True)
    beside = (
        "Network and verdicts of different classes run beside each other; start and imports are no stage."
    )
    return Section("Where a run's time goes", "\n\n".join([beside, *texts]), numbers)


def _stages(*arguments: str) -> tuple[str, dict[str, float]]:
    """Of a run in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "experiments.emergence", *arguments]
        start = time.perf_counter()
        subprocess.run([*command, f"--workdir={folder}"], check=True, capture_output=True)
        whole = time.perf_counter() - start
        stages = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))["stages"]
    seconds = {name: stage["seconds"] for name, stage in stages.items()}
    shown = " ".join("--data_dir=DIR" if a.startswith("--data_dir=") else a for a in arguments)
    peak = max(stage["peak_memory_bytes"] for stage in stages.values()) / 2**30
    lines = [f"| {name} | {value:.2f} | {value / whole:.0%} |" for name, value in seconds.items()]
    return (
        f"`python -m experiments.emergence {shown}`, {whole:.1f} s in all, {peak:.2f} GiB at most:\n\n"
        "| stage | seconds | of the whole |\n|---|---|---|\n" + "\n".join(lines)
    ), seconds | {"whole": whole}


if __name__ == "__main__":
    publish("stages", section)
