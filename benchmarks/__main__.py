"""Benchmarks to benchmarks/RESULTS.md, each a section of its own.

  python -m benchmarks --data_dir=DIR                 all of them
  python -m benchmarks --data_dir=DIR scoring forward  some; the other sections stay as they are
  python -m benchmarks gpu.json                       one that was measured elsewhere, by --out

DIR: a folder of photographs in COCO JSON that shows horses. Every benchmark runs in a process of its own, and
what goes wrong in one is said at the end. Needs the extra `dev`.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.sections import put

# In the order of the page, and about how many minutes each takes on two cores.
SECTIONS = {
    "end_to_end": 12,
    "forward": 2,
    "torch_routes": 3,
    "scoring": 4,
    "combination": 3,
    "ablation": 6,
    "growth": 15,
    "stages": 5,
    "judging": 1,
    "gpu": 8,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}, or a .json file")
    parser.add_argument("--data_dir")
    given = parser.parse_args()
    unknown = [name for name in given.what if name not in SECTIONS and not name.endswith(".json")]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; choose from: {', '.join(SECTIONS)}")
    where, failed = [f"--data_dir={given.data_dir}"] if given.data_dir else [], []
    for name in given.what or SECTIONS:
        if name.endswith(".json"):
            put(json.loads(Path(name).read_text(encoding="utf-8")))
            continue
        print(f"== {name}, about {SECTIONS[name]} minutes", flush=True)
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *where], check=False)
        print(f"== {name}: {time.perf_counter() - start:.0f} s", flush=True)
        failed += [name] if done.returncode else []
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
