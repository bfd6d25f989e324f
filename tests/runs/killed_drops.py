"""Discriminativeness on the tiny network, in small shards, for a process that dies."""

from pathlib import Path

from partsjax.emergence.combination import Search
from partsjax.runs import discriminativeness, skeleton
from partsjax.runs.context import Context
from partsjax.runs.discriminativeness import drop_stage
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
    asked = discriminativeness.DiscriminativenessOptions(job)
    # One thread: which file comes n-th must not be a matter of chance.
    context = Context(batch_size=8, threads=1)
    skeleton.run(discriminativeness.discriminativeness_question(asked, workdir), workdir, context)
