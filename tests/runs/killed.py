"""Jobs in processes of their own that die by SIGKILL at a chosen place:

file:PATTERN   half-way into the first file of the workdir whose path, seen from there, matches
swap           when the old report is gone and the new one not yet in its place
search:N       inside the genetic algorithm, when it looks at a population for the N-th time
nowhere        never: the job comes to its end
"""

import contextlib
import fnmatch
import os
import shutil
import signal
import sys
from pathlib import Path

import jax
from PIL import Image

from partsjax.emergence import genetic
from partsjax.emergence.combination import Search
from partsjax.reporting.bundle import BUNDLE
from partsjax.reporting.report import write
from partsjax.runs import stages, workdir
from partsjax.runs.options import Options
from tests import processes
from tests.runs.running import QUICK, asked


def run(job, where: str, folder: Path, workdir: Path) -> str:
    """Runs job(folder, workdir); where it died, "" when it came to its end."""
    status, said = processes.start(_deadly, job, where, folder, workdir)
    assert status == (-signal.SIGKILL if said else 0)
    return "".join(said)


def _deadly(job, where: str, folder: Path, workdir: Path) -> None:
    sys.argv = ["killed"]  # the report shows the command, and this one is to be the same every time
    BUNDLE.text = ""  # it takes over a second to put together
    kind, _, at = where.partition(":")
    if kind == "file":
        die_in_file(workdir, at)
    elif kind == "swap":
        die_in_swap(workdir)
    elif kind == "search":
        die_in_search(int(at))
    job(folder, workdir)


def die(where) -> None:
    processes.say(where)
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_file(place: Path, pattern: str) -> None:
    """Lets all who write files of a run die half-way into the one that matches."""

    def half(path: Path, named: Path) -> None:
        name = str(named.relative_to(place)).replace(".unfinished-", "")
        if fnmatch.fnmatch(name, pattern):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            die(name)

    written_whole, write_page, save = workdir.written_whole, write.write_text, Image.Image.save

    @contextlib.contextmanager
    def deadly_whole(path, **options):
        with written_whole(path, **options) as temporary:
            yield temporary
            half(temporary, path)

    def deadly_page(path, text):
        write_page(path, text)
        half(path, path)

    def deadly_picture(image, path, **options):
        save(image, path, **options)
        half(path, path)

    workdir.written_whole = stages.written_whole = deadly_whole
    write.write_text, Image.Image.save = deadly_page, deadly_picture


def die_in_swap(place: Path) -> None:
    remove = shutil.rmtree

    def deadly(path, **options):
        remove(path, **options)
        if path == place / "report":
            die("swap")

    shutil.rmtree = deadly


def die_in_search(count: int) -> None:
    """The compiled search itself calls back: it is under way."""
    fitness, seen = genetic.fitness, [0]

    def look(_) -> None:
        seen[0] += 1
        if seen[0] == count:
            die(f"population {count}")

    def deadly(tables, members):
        found = fitness(tables, members)
        jax.debug.callback(look, found)
        return found

    genetic.fitness = deadly


def emergence_job(folder: Path, workdir: Path) -> None:
    options = Options(
        net="tests.tiny:network",
        dataset="coco_parts",
        data_dir=str(folder),
        search=Search(genetic=QUICK),
        nulls=("permuted", "unfounded"),
        all_searches=True,
    )
    # One thread: which file comes n-th must not be a matter of chance.
    asked(options, workdir, batch_size=16, threads=1)
