"""Runs discriminativeness on the tiny network and dies by SIGKILL half-way into a file.

python -m tests.runs.killed_drops WHERE FOLDER WORKDIR; WHERE is file:PATTERN or nowhere, as in `killed`.
"""

import sys
from pathlib import Path

from partsjax.reporting.terminal import Terminal
from partsjax.runs import discriminativeness
from partsjax.runs.discriminativeness import drop_stage
from partsjax.runs.execution import Execution
from partsjax.runs.options import Options
from tests.runs import killed

if __name__ == "__main__":
    where, folder, place = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    sys.argv = ["killed"]  # the report shows the command, and this one is to be the same every time
    drop_stage.SHARD = 8
    kind, _, at = where.partition(":")
    if kind == "file":
        killed.die_in_file(place, at)
    job = Options(net="tests.runs.scored:network", dataset="coco_parts", data_dir=folder)
    question = discriminativeness.Question(job)
    # One thread: which file comes n-th must not be a matter of chance.
    discriminativeness.measure(question, Execution(place, batch_size=8, threads=1), Terminal(quiet=True))
