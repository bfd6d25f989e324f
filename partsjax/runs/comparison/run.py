"""What emerges by what a network was trained for: trains, measures and compares several networks."""

import collections
import dataclasses
import functools
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from partsjax.errors import InputError, nearest
from partsjax.networks import load_network
from partsjax.reporting.comparison import ComparisonReport, files, write_comparison_report
from partsjax.reporting.comparison.terminal import Within, tables
from partsjax.reporting.rows import write_table
from partsjax.reporting.terminal import Terminal
from partsjax.runs import emergence, manifest, skeleton, stages, supervision, workdir
from partsjax.runs.clock import Clock
from partsjax.runs.comparison import compared
from partsjax.runs.comparison.members import Member, members
from partsjax.runs.comparison.options import ComparisonOptions
from partsjax.runs.comparison.words import facts, origin, size_notes, training_figures
from partsjax.runs.deciding import deciding
from partsjax.runs.execution import Execution, context_of
from partsjax.runs.inputs import dataset_of
from partsjax.runs.options import Options, chosen_layers
from partsjax.runs.supervision import TrainingOptions

OUTPUTS = ("comparison.csv", "differences.csv", "part_differences.csv", "summary.json")


def compare(
    options: ComparisonOptions,
    execution: Execution,
    terminal: Terminal,
    *,
    pages: bool = False,
    train: Callable[[TrainingOptions, Execution, Terminal], None] = supervision.train_in,
) -> None:
    """Trains and measures every network in a folder of its own, and writes them side by side.

    `networks/NAME-SEED/` and `emergence/NAME-SEED/` are ordinary runs; finished ones are taken as they are. A
    measured network's stimuli, gigabytes of them, are dropped. Writes the files of `OUTPUTS`, `report/` and,
    last, `manifest.json`.

    Args:
      pages: also a report of every network's own run.
      train: trains in a folder and leaves `checkpoint/` and, last, `manifest.json` there.

    Raises:
      InputError: something the user can fix, in one line; what was finished is kept.
    """
    clock = Clock()
    every = members(options.networks, options.seeds, options.measuring.net)
    names = list(dict.fromkeys(member.name for member in every))
    if options.baseline not in names:
        raise InputError(
            f"--baseline={options.baseline}: not among the networks; {nearest(options.baseline, names)}"
        )
    with workdir.locked_folder(execution.workdir) as folder, terminal.noting():
        with clock("checks"):
            dataset = dataset_of(options.measuring, context_of(terminal, execution))
            _check_given(options, every, terminal)
        with workdir.plain_errors(folder):
            workdir.claim(folder, deciding(options))
            job = _Job(folder, options, execution, Within(terminal), pages, train)
            runs: dict[str, list[compared.Run]] = {name: [] for name in names}
            for number, member in enumerate(every, 1):
                job.within.heading = f"{member.folder} ({number} of {len(every)})"
                run = job.run(member, clock)
                compared.check_same_images(next((r[0] for r in runs.values() if r), run), run)
                runs[member.name].append(run)
            content = _content(options, job, every, runs, list(dataset.parts))
            # A manifest vouches for the files beside it: none while they change.
            (folder / "manifest.json").unlink(missing_ok=True)
            with clock("tables"):
                _write(folder, content)
            _write_manifest(folder, options, every, clock, terminal.noted)
        for table in tables(content, job.within.width):
            terminal.show(table)
        terminal.spent(clock.seconds)
        terminal.show(f"report: {folder}/report/index.html")
        terminal.show(f"results: {', '.join(str(folder / name) for name in OUTPUTS)}")


def _check_given(options: ComparisonOptions, every: list[Member], terminal: Terminal) -> None:
    """Loads every network that is given: mistakes show before hours of training. Notes what is assumed."""
    several = len({member.net for member in every}) > 1
    loaded, sizes = {}, collections.defaultdict(list)
    jobs = {m.name: options.measuring_of(m, m.weights or options.training_of(m).weights) for m in every}
    given = options.measuring.file.given()
    if given and not any(job.file.given() for job in jobs.values()):
        raise InputError(f"{' '.join(given)}: for weight files, none of which is compared; leave it out")
    for name, job in jobs.items():
        source = job.net, job.weights
        if source not in loaded:
            loaded[source] = load_network(*source, dtype=job.dtype, **job.file.asdict())
            terminal.note(*loaded[source].notes)
        try:
            chosen_layers(loaded[source], job.layers)
        except InputError as error:
            more = f"; of one network alone they are named as {name}:LAYER" if several else ""
            raise InputError(f"{error}{more}") from None
        sizes[loaded[source].input_size].append(name)
    terminal.note(*size_notes(sizes))
    for net in dict.fromkeys(member.net for member in every):
        seeds = sorted({m.seed for m in every if (m.net, m.weights) == (net, "random")})
        _check_seeds(net, options.measuring.dtype, seeds)


def _check_seeds(net: str, dtype: str, seeds: list[int]) -> None:
    """Refuses seeds that a function of the user's makes one network of: an interval over them would lie."""
    if ":" not in net or len(seeds) < 2:
        return
    first, second = (load_network(net, "random", seed=seed, dtype=dtype).digest for seed in seeds[:2])
    if first == second:
        raise InputError(
            f"--seeds: {net} gives the same random weights for {seeds[0]} and {seeds[1]}; give its function "
            "a parameter `seed` and draw from it, or give one seed"
        )


class _Job:
    """One comparison's surroundings, and what is done to each network."""

    def __init__(self, folder: Path, options: ComparisonOptions, execution: Execution, within, pages, train):
        self.folder, self.options, self.execution = folder, options, execution
        self.within: Within = within
        self._pages, self._train = pages, train

    def run(self, member: Member, clock: Clock) -> compared.Run:
        """Trains the network if it is to be, measures it, and reads what came of it."""
        weights = member.weights
        if member.trained:
            place = self.folder / "networks" / member.folder
            options = self.options.training_of(member)
            if not _finished(place, options):
                self.within.say(f"{self.within.heading}: training")
                with clock("training"):
                    self._train(options, self._in(place), self.within)
            elif workdir.read_json(place / "manifest.json").get("code_version") != _training_code():
                self.within.note(
                    f"{member.folder} was trained by other versions of this package or its libraries, or on "
                    f"another kind of device: delete networks/{member.folder} to train it anew"
                )
            self._note(place)
            weights = str(place / "checkpoint")
        place = self.folder / "emergence" / member.folder
        options = self.options.measuring_of(member, weights)
        network = functools.partial(
            load_network,
            options.net,
            weights,
            seed=options.network_seed,
            dtype=options.dtype,
            **options.file.asdict(),
        )
        if not self._measured(place, options, network):
            self.within.say(f"{self.within.heading}: emergence")
            with clock("emergence"):
                skeleton.run(
                    emergence.question(options, report=self._pages),
                    place,
                    context_of(self.within, self.execution),
                )
        self._note(place)
        shutil.rmtree(place / "cache" / "stimuli", ignore_errors=True)
        return compared.read_run(place)

    def _note(self, place: Path) -> None:
        """Repeats the notes of a finished run, also of one that was finished before."""
        self.within.note(*workdir.read_json(place / "manifest.json").get("notes", ()))

    def _measured(self, place: Path, options: Options, network) -> bool:
        """Whether the very same network was measured there, by the same code."""
        # The folder may have been moved, and its checkpoints with it: their digest says what they are.
        if not _finished(place, options, but=("weights",)):
            return False
        if self._pages and not (place / "report").exists():
            return False
        found = workdir.read_json(place / "manifest.json")
        same_code = found.get("code_version") == stages.key(emergence.MODULE)
        return same_code and found.get("network_digest") == network().digest

    def _in(self, place: Path) -> Execution:
        return dataclasses.replace(self.execution, workdir=place)

    def pages(self, member: Member) -> tuple[str, ...]:
        """The address of the network's own report, seen from the comparison's."""
        made = (self.folder / "emergence" / member.folder / "report" / "index.html").exists()
        return (f"../emergence/{member.folder}/report/index.html",) if made else ()


def _training_code() -> str:
    return stages.key(supervision.MODULE)


def _finished(folder: Path, options, but: tuple[str, ...] = ()) -> bool:
    """Whether a run with these options, `but` for some, has come to its end there, its files as they were."""
    if manifest.stands(folder) is None or not (folder / "options.json").exists():
        return False
    wanted = json.loads(json.dumps(deciding(options)))
    claimed = workdir.read_json(folder / "options.json")
    then, now = ({k: v for k, v in o.items() if k not in but} for o in (claimed, wanted))
    return then == now


def _content(options, job: _Job, every, runs, classes) -> ComparisonReport:
    by_name = {name: [member for member in every if member.name == name] for name in runs}
    against = compared.counterparts(runs, options.baseline)
    found = compared.differences(runs, options.baseline, against)
    first = runs[options.baseline][0]
    verdicts = next(iter(first.verdicts.values()))
    prior_paper, prior_ap_val = compared.place_alone(verdicts)
    judged = sum(v.judged for v in verdicts)
    figures = compared.figures(runs)
    nets = ", ".join(dict.fromkeys(member.net for member in every))
    return ComparisonReport(
        title=f"{nets} on {options.measuring.dataset}, by supervision",
        command=manifest.command(),
        facts=facts(options, classes),
        networks=list(runs),
        baseline=options.baseline,
        seeds={name: tuple(member.seed for member in of) for name, of in by_name.items()},
        layers=list(dict.fromkeys(layer for _, layer in figures)),
        judged=judged,
        rare=len(verdicts) - judged,
        figures=figures,
        differences=found,
        against=against,
        parts=compared.parts(runs, found),
        prior_paper=prior_paper,
        prior_ap_val=prior_ap_val,
        origins={name: origin(options, of[0]) for name, of in by_name.items()},
        training=[
            training_figures(member, options.training_of(member), job.folder / "networks" / member.folder)
            for name in runs
            for member in by_name[name]
            if member.trained
        ],
        pages={name: tuple(page for m in of for page in job.pages(m)) for name, of in by_name.items()},
        notes=job.within.noted,
        method=options.measuring.method,
    )


def _write(folder: Path, content: ComparisonReport) -> None:
    whole = functools.partial(workdir.written_whole, durable=True)
    tables = (files.comparison_table, files.difference_table, files.part_difference_table)
    for name, table in zip(OUTPUTS, tables, strict=False):
        with whole(folder / name) as path:
            write_table(path, table(content))
    workdir.write_json(folder / "summary.json", files.comparison_summary(content))
    with workdir.unfinished(folder / "report") as place:
        write_comparison_report(place, content)


def _write_manifest(folder: Path, options, every: list[Member], clock: Clock, notes) -> None:
    measured = {
        member.folder: workdir.read_json(folder / "emergence" / member.folder / "manifest.json")
        for member in every
    }
    manifest.write_manifest(
        folder,
        __name__,
        options,
        options.measuring.dtype,
        clock,
        notes,
        {problem for found in measured.values() for problem in found["skipped"]},
        OUTPUTS,
        networks={name: found["network_digest"] for name, found in measured.items()},
    )
