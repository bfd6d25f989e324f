"""All benchmarks in one run, to benchmarks/RESULTS.md.

  python -m benchmarks [DIR]

DIR: a folder of photographs in COCO JSON, for the stages of a run on them. Needs PyTorch and pygad.
"""

import sys
from pathlib import Path

from benchmarks import ablation, combination, forward, scoring
from benchmarks.hardware import description
from partsjax.networks.devices import one_device_a_core

RESULTS = Path(__file__).parent / "RESULTS.md"

if __name__ == "__main__":
    one_device_a_core()  # as the experiments do
    ablated = "## Ablation, against running the network again for each filter\n"
    parts = [
        "# Benchmarks\n",
        f"`python -m benchmarks` on {description()}. Ratios are taken side by side in one run.\n",
        "## Forward pass, against PyTorch channels_last\n",
        forward.table() + "\n",
        "## Scoring, against the plain NumPy reference\n",
        scoring.scoring_table(),
        "## The search for sets of filters, against sorted lists\n",
        combination.table(),
        ablated,
        ablation.table(*sys.argv[1:2], *(["horse"] if sys.argv[1:] else [])),
        "## Where a run's time goes\n",
        scoring.stages_table("--net=alexnet"),
    ]
    if len(sys.argv) > 1:
        where = ("--dataset=coco_parts", f"--data_dir={sys.argv[1]}", "--classes=horse")
        parts.insert(parts.index(ablated), combination.table(sys.argv[1], "horse"))
        parts.append(scoring.stages_table("--net=alexnet", "--layers=conv5", *where))
    RESULTS.write_text("\n".join(parts))
    print(RESULTS.read_text())
