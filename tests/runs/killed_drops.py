"""Discriminativeness on the tiny network, in small shards, for a process that dies."""

from pathlib import Path

from partsjax.emergence.combination import Search
from partsjax.reporting.terminal import Terminal
from partsjax.runs import discriminativeness
from partsjax.runs.discriminativeness import drop_stage
from partsjax.runs.execution import Execution
from partsjax.runs.options import Options
from tests.runs.running import QUICK


def job(folder: Path, workdir: Path) -> None:
    drop_stage.DROP_SHARD = 8
    job = Options(
        net="tests.runs.scored:network",
        dataset="coco_parts",
        data_dir=str(folder),
        search=Search(genetic=QUICK),
    )
    question = discriminativeness.Question(job)
    # One thread: which file comes n-th must not be a matter of chance.
    discriminativeness.measure(question, Execution(workdir, batch_size=8, threads=1), Terminal(quiet=True))
