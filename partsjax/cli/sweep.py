"""Many runs of the other commands, by any number of processes on any number of machines.

A config says which: a dictionary `sweep` of flags, of which some have a list of values, and a dictionary
`flags` for all. Each combination is one run of a command (`command`, by default emergence), in a folder of
its own. Runs of `then` come after each of a block's: {supervision} is that run's folder.

  flags = {"dataset": "coco_parts", "data_dir": "DIR", "nulls": ""}
  sweep = [
      {"net": "alexnet", "weights": ["imagenet", "random"], "classes": ["horse", "dog"]},
      {"name": "trained", "command": "supervision", "supervision": ["object", "image"], "then": [
          {"weights": "{supervision}/checkpoint", "classes": ["horse", "dog"]}]},
  ]
  baseline = "imagenet"

  partsjax sweep --config=FILE --workdir=W --status
      What is done, running, failed and why, waiting. Also before the start, and from another machine.
  partsjax sweep --config=FILE --workdir=W --data_dir=DIR --limit=100
      Workers are processes of this machine, one for each GPU. Flags of emergence are for all runs.
  partsjax sweep --config=FILE --workdir=W --join
      One more worker, here: on any machine that has the folder, as often as you like.
  partsjax sweep --config=FILE --workdir=W --engine=slurm --workers=20 --slurm=gpus_per_node=1,timeout_min=600
  partsjax sweep --config=FILE --workdir=W --engine=ray --address=HOST:6379

Workers take runs until none is left. They may be stopped, or die: others take over what they had, and the
same command resumes a sweep; runs that failed are tried again. At the end all networks are compared, as by
partsjax comparison: report/index.html (look at it first), comparison.csv, pairs.csv, differences.csv,
part_differences.csv, summary.json and manifest.json in --workdir. Runs are in COMMAND/NAME there, what they
print in sweep/logs.
"""

import contextlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from absl import flags

from partsjax.cli import flags as shared
from partsjax.cli.terminal import Terminal
from partsjax.errors import InputError, nearest

COMPUTES = False  # its processes do: a GPU's memory is theirs
SWEPT = ("emergence", "supervision", "discriminativeness", "comparison")
_REFUSED = {"supervision": ("keep", "layers", "memory_budget"), "discriminativeness": ("layers",)}

_ENGINE = flags.DEFINE_enum(
    "engine",
    "local",
    ["local", "slurm", "ray"],
    "What starts workers: processes of this machine, jobs of Slurm, which needs the extra slurm, or tasks of "
    "Ray, which needs the extra ray.",
)
_WORKERS = flags.DEFINE_integer(
    "workers",
    None,
    "How many workers. Default: slurm: 4; else one for each GPU, or, without, for every four cores (local), "
    "or for each machine (ray).",
    lower_bound=1,
)
_ADDRESS = flags.DEFINE_string(
    "address", "local", "ray: HOST:PORT of a running cluster, or local, which starts Ray here."
)
_SLURM = flags.DEFINE_list(
    "slurm",
    [],
    "slurm: NAME=VALUE of submitit's parameters, as gpus_per_node=1,timeout_min=600,slurm_partition=gpu. "
    "cluster=local: processes of this machine, to try it.",
)
_JOIN = flags.DEFINE_bool("join", False, "Be one more worker; compare nothing at the end.")
_STATUS = flags.DEFINE_bool("status", False, "Show what has become of every run, and end.")
_STALE_AFTER = flags.DEFINE_float(
    "stale_after",
    120,
    "Seconds without a sign of life after which a worker counts as lost; the same for all workers. More than "
    "file times can be late on a shared file system.",
    lower_bound=0.5,
)
flags.adopt_module_key_flags(shared)
_OWN = ("config", "workdir", "debug", "memory_budget")


def main() -> None:
    from partsjax.cli import sweep_status
    from partsjax.runs import workdir
    from partsjax.runs.sweep import ENGINES, Sweep, SweepFolder, Worker, WorkersAsked, planned, run_workers
    from partsjax.runs.sweep.plan import as_text

    path, place = flags.FLAGS.config, flags.FLAGS.workdir
    if not path or not place:
        raise InputError("a sweep needs --config=FILE, which says what is swept, and --workdir=W")
    _refuse_idle()
    config, given = _read_config(path), _given()
    runs = planned(config["sweep"], config["flags"] | given, known_flags())
    sweep = Sweep(runs, _baseline(config["baseline"], runs))
    folder = SweepFolder(Path(place).absolute(), _STALE_AFTER.value)
    terminal = Terminal()
    if _STATUS.value:
        states = folder.states(runs)
        terminal.show(sweep_status.status_table(states))
        for line in sweep_status.lines(folder, states):
            terminal.show(line)
        return
    if _JOIN.value:
        with workdir.plain_errors(folder.path):
            Worker(folder, runs, terminal.say, memory_budget=flags.FLAGS.memory_budget).work()
        _require_all(folder, folder.states(runs))
        return
    same = {
        "config": Path(path).absolute(),
        "workdir": folder.path,
        "stale_after": folder.stale_after,
        **given,
    }
    asked = WorkersAsked(
        ["sweep", "--join", *_budget(), *(f"--{name}={as_text(value)}" for name, value in same.items())],
        len(runs),
        folder.logs,
        number=_WORKERS.value,
        address=_ADDRESS.value,
        options=dict(map(_option, _SLURM.value)),
    )
    with workdir.plain_errors(folder.path):
        states = run_workers(folder, runs, lambda: ENGINES[_ENGINE.value](asked), terminal.say)
    try:
        if sweep.compares:
            _compare(folder, sweep, terminal)
    except InputError:
        _require_all(folder, states)  # which is why
        raise
    _require_all(folder, states)


def _refuse_idle() -> None:
    if _STATUS.value or _JOIN.value:
        which = "status" if _STATUS.value else "join"
        shared.refuse_idle(["engine", "workers", "address", "slurm"], f"with --{which}")
    if _ENGINE.value != "ray":
        shared.refuse_idle(["address"], "without --engine=ray")
    if _ENGINE.value != "slurm":
        shared.refuse_idle(["slurm"], "without --engine=slurm")


def _read_config(path: str) -> dict[str, Any]:
    """Its `sweep`, `flags` and `baseline`."""
    config = {"flags": {}, "baseline": "", **shared.read_config(path)}
    if "sweep" not in config:
        raise InputError(f"{path}: has no `sweep`, as sweep = {{'weights': ['imagenet', 'random']}}")
    if not isinstance(config["flags"], dict):
        raise InputError(f"{path}: `flags` is not a dictionary, as {{'net': 'vgg16', 'limit': 100}}")
    return config


def _given() -> dict[str, Any]:
    """Flags of the command line that are for the runs."""
    found = flags.FLAGS.get_key_flags_for_module(shared.__name__)
    return {flag.name: flag.value for flag in found if flag.present and flag.name not in _OWN}


def _budget() -> list[str]:
    budget = flags.FLAGS.memory_budget
    return [f"--memory_budget={budget}"] if budget else []


def known_flags() -> dict[str, dict[str, Callable[[str], Any]]]:
    """By command, the parsers of its flags."""
    known = {}
    for command in SWEPT:
        module = importlib.import_module(f"partsjax.cli.{command}")
        found = flags.FLAGS.get_key_flags_for_module(module.__name__)
        known[command] = {
            flag.name: flag.parser.parse for flag in found if flag.name not in _REFUSED.get(command, ())
        }
    return known


def _baseline(name: str, runs) -> str:
    networks = dict.fromkeys(run.network for run in runs if run.command == "emergence")
    if name and name not in networks:
        raise InputError(f"baseline: no network is called {name!r}; {nearest(name, networks)}")
    return name


def _option(text: str) -> tuple[str, Any]:
    """NAME=VALUE; numbers are numbers."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--slurm: {text!r} is not NAME=VALUE, as gpus_per_node=1")
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return name, kind(value)
    return name, value


def _compare(folder, sweep, terminal: Terminal) -> None:
    import jax

    from partsjax.reporting.comparison.terminal import tables
    from partsjax.runs.sweep import write_comparison

    jax.config.update("jax_platforms", "cpu")  # tables need no other, which runs may be using
    found = write_comparison(folder, sweep, shared.surroundings(terminal))
    for table in tables(found.content, terminal.width):
        terminal.show(table)
    terminal.show(f"report: {folder.path}/report/index.html")
    terminal.show(f"results: {folder.path}/{', '.join(found.outputs)}")


def _require_all(folder, states) -> None:
    """Raises `InputError` where not every run is done."""
    lacking = [state for state in states if state.what != "done"]
    if not lacking:
        return
    first = next((state for state in lacking if state.what == "failed"), None)
    why = (
        f"{first.run.place} failed: {first.reason} (log: {folder.log(first.run)})"
        if first
        else f"its workers have ended (what they said: {folder.logs})"
    )
    raise InputError(
        f"{folder.path}: {len(lacking)} of {len(states)} runs are not done; {why}; --status shows all, and "
        "the same command tries them again"
    )
