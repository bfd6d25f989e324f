"""Workers as jobs of Slurm, by submitit."""

import shutil

from partsjax.errors import InputError, needing
from partsjax.lifeline import TIED, call_tied
from partsjax.runs.sweep.engines.asked import WorkersAsked


class SlurmWorkers:
    """Four, where their number is not given.

    Options are submitit's; `cluster=local` makes them processes of this machine, to try it where there is no
    Slurm.
    """

    def __init__(self, asked: WorkersAsked):
        with needing("--engine=slurm", "slurm"):
            import submitit
        options = dict(asked.options)
        cluster = options.pop("cluster", "slurm")
        if cluster == "slurm" and shutil.which("sbatch") is None:
            raise InputError(
                "--engine=slurm: there is no sbatch here; start it where jobs are submitted from, or try "
                "--slurm=cluster=local"
            )
        asked.logs.mkdir(parents=True, exist_ok=True)
        try:
            executor = submitit.AutoExecutor(folder=asked.logs / "slurm", cluster=cluster)
            executor.update_parameters(**{"name": "partsjax", "timeout_min": 24 * 60, **options})
            with executor.batch():
                command = [*TIED, *asked.arguments]
                self._jobs = [
                    executor.submit(call_tied, command, asked.log(i)) for i in range(asked.workers(4))
                ]
        except (AssertionError, NameError, ValueError, submitit.core.utils.FailedJobError) as error:
            raise InputError(f"--engine=slurm: {error}") from error

    def alive(self) -> bool:
        return not all(job.done() for job in self._jobs)

    def stop(self) -> None:
        for job in self._jobs:
            if not job.done():
                job.cancel()
