"""Runs the main job and dies by SIGKILL in the middle of the n-th file it writes.

python -m tests.runs.killed N FOLDER WORKDIR; says on stdout which file it died in.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

from partsjax.reporting.terminal import Terminal
from partsjax.runs import emergence, stages, workdir
from partsjax.runs.execution import Execution

_written_whole = workdir.written_whole


def deadly(count: int):
    """`written_whole` that lets `count` - 1 files through and kills the process half-way into the next."""
    left = [count]

    @contextlib.contextmanager
    def write(path, **options):
        with _written_whole(path, **options) as temporary:
            yield temporary
            left[0] -= 1
            if left[0] == 0:
                temporary.write_bytes(temporary.read_bytes()[: temporary.stat().st_size // 2])
                print(path.name, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)

    return write


if __name__ == "__main__":
    count, folder, place = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    workdir.written_whole = stages.written_whole = deadly(count)
    options = emergence.Options(net="tests.tiny:network", dataset="coco_parts", data_dir=folder)
    # One thread: which file comes n-th must not be a matter of chance.
    emergence.measure(options, Execution(place, batch_size=16, threads=1), Terminal(quiet=True))
