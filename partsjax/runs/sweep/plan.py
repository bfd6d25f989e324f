"""What a sweep computes: runs of commands, each in a folder of its own."""

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from partsjax.errors import InputError, nearest
from partsjax.reporting.file_names import file_name
from partsjax.runs.options import Options

Flags = Mapping[str, Mapping[str, Callable[[str], Any]]]
"""By command, the functions that parse the flags it takes, by name; they raise ValueError."""

_AXES = ("layers", "classes", "seed", "weights_seed")  # one network in other layers, or drawn again
_KEYS = ("command", "name", "then")


@dataclasses.dataclass(frozen=True)
class PlannedRun:
    """One run of a command, which may be done or not.

    flags: as text; "{supervision}" is the folder of the run of that command that this one comes after.
    network: what it is called in the comparison; its layers, classes and seeds may be several runs'.
    drawn: what else names the run: layers, classes, seeds, its own and of the run it comes after.
    seed: of training or of random weights, where seeds are swept.
    after: the run that has to be done first.
    """

    command: str
    flags: Mapping[str, str]
    network: str
    drawn: tuple[str, ...] = ()
    seed: int | None = None
    after: "PlannedRun | None" = None

    @property
    def name(self) -> str:
        return "-".join((self.network, *self.drawn))

    @property
    def place(self) -> str:
        """Its folder in the sweep's: COMMAND/NAME."""
        return f"{self.command}/{file_name(self.name)}"

    @property
    def slug(self) -> str:
        """Its name among files of all commands."""
        return self.place.replace("/", "-")

    def before(self) -> Iterator["PlannedRun"]:
        """The runs it comes after, the nearest first."""
        run = self
        while run := run.after:
            yield run

    def arguments(self, workdir: Path) -> list[str]:
        """The command and its flags, as they are typed."""
        folders = {run.command: str(workdir / run.place) for run in self.before()}
        values = {name: _filled(text, folders) for name, text in self.flags.items()}
        values["workdir"] = str(workdir / self.place)
        if self.command == "supervision":
            values.setdefault("num_processes", "1")  # a worker of Slurm trains alone
        return [self.command, *(f"--{name}={value}" for name, value in values.items())]


def planned(sweep: Any, common: Mapping[str, Any], known: Flags) -> tuple[PlannedRun, ...]:
    """All runs, in the order in which they are taken; each after the one it comes after.

    Args:
      sweep: a block, or a list of blocks. A block is a dictionary of flags; of a flag with a list of values
        each is taken, with each of the others'. Besides flags it may have `command` (emergence), `name`, the
        start of its runs' names, and `then`: blocks whose runs come after each of its own.
      common: flags of all runs whose command has them.

    Raises:
      InputError: no such command or flag, a value that is none of the flag's, two runs of one name.
    """
    everything = sorted({name for flags in known.values() for name in flags})
    for name in common:
        if name not in everything:
            raise InputError(f"flags: no command has a flag {name!r}; {nearest(name, everything)}")
    blocks = [sweep] if isinstance(sweep, Mapping) else sweep
    runs = tuple(run for block in _listed("sweep", blocks) for run in _runs(block, common, known, None))
    if not runs:
        raise InputError("sweep: no runs; give flags, as {'weights': ['imagenet', 'random']}")
    places = [run.place for run in runs]
    for place in places:
        if places.count(place) > 1:
            raise InputError(f"sweep: {places.count(place)} runs are called {place}; give a block a `name`")
    _require_as_many_seeds(runs)
    return runs


def _runs(
    block: Any, common: Mapping[str, Any], known: Flags, after: PlannedRun | None
) -> Iterator[PlannedRun]:
    if not isinstance(block, Mapping):
        raise InputError(f"sweep: {block!r:.60} is not a dictionary of flags")
    command = block.get("command", "emergence")
    if command not in known:
        raise InputError(f"sweep: there is no command {command!r}; {nearest(str(command), known)}")
    own = {name: value for name, value in block.items() if name not in _KEYS}
    given = {name: value for name, value in common.items() if name in known[command]} | own
    swept = {name: value for name, value in own.items() if isinstance(value, (list, tuple))}
    if command == "emergence" and "seed" in swept:
        raise InputError(
            "sweep: emergence of several `seed`s is judged on other resamples, and cannot be compared; sweep "
            "`weights_seed`, of random weights, or the `seed` of a training"
        )
    for values in itertools.product(*swept.values()):
        chosen = {name: as_text(value) for name, value in zip(swept, values, strict=True)}
        flags = {name: as_text(value) for name, value in given.items() if value is not None} | chosen
        words = [str(block.get("name", "")), after.network if after else ""]
        words += [text for name, text in chosen.items() if name not in _AXES]
        drawn = after.drawn if after else ()
        run = PlannedRun(
            command,
            flags,
            "-".join(filter(None, words)) or flags.get("net", Options.net),
            (*drawn, *(text for name, text in chosen.items() if name in _AXES)),
            _seed(chosen, after),
            after,
        )
        _check(run, known[command])
        yield run
        for inner in _listed("then", block.get("then", ())):
            yield from _runs(inner, common, known, run)


def _listed(name: str, blocks: Any) -> Sequence:
    if isinstance(blocks, (list, tuple)):
        return blocks
    raise InputError(f"{name}: {blocks!r:.60} is not a list of dictionaries of flags")


def as_text(value: Any) -> str:
    """As on the command line."""
    if isinstance(value, (list, tuple)):
        return ",".join(map(as_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seed(chosen: Mapping[str, str], after: PlannedRun | None) -> int | None:
    text = chosen.get("weights_seed", chosen.get("seed", ""))
    return int(text) if text.isdecimal() else after.seed if after else None


def _check(run: PlannedRun, known: Mapping[str, Callable[[str], Any]]) -> None:
    folders = {before.command: "W" for before in run.before()}
    for name, text in run.flags.items():
        if name in ("workdir", "config"):
            raise InputError(f"sweep: {name} is the sweep's own; give it on the command line")
        if name not in known:
            raise InputError(f"sweep: {run.command} has no flag {name!r}; {nearest(name, sorted(known))}")
        try:
            known[name](_filled(text, folders))
        except ValueError as error:
            raise InputError(f"sweep: {run.command} --{name}={text}: {error}") from None


def _filled(text: str, folders: Mapping[str, str]) -> str:
    """The text, with folders where it names the commands of runs before."""
    for name in re.findall(r"\{(\w+)\}", text):
        if name not in folders:
            raise InputError(
                f"sweep: {{{name}}} in {text!r}: the run comes after none of that command; put its block in "
                f"the `then` of one with 'command': {name!r}"
            )
    return re.sub(r"\{(\w+)\}", lambda found: folders[found[1]], text)


def _require_as_many_seeds(runs: Sequence[PlannedRun]) -> None:
    """Networks are paired seed by seed: each has one, or as many as the others."""
    seeds: dict[str, set] = {}
    for run in runs:
        if run.command == "emergence":
            seeds.setdefault(run.network, set()).add(run.seed)
    counts = {len(of): name for name, of in seeds.items() if len(of) > 1}
    if len(counts) > 1:
        said = ", ".join(f"{name}: {number}" for number, name in counts.items())
        raise InputError(f"sweep: other numbers of seeds ({said}) cannot be paired; give one, or as many")
