"""The end of a sweep: its networks side by side, in the tables and on the page of a comparison."""

import collections
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import cattrs

from partsjax.errors import InputError
from partsjax.reporting.comparison import ComparisonReport
from partsjax.runs import emergence, manifest, workdir
from partsjax.runs.comparison import Comparison, compared
from partsjax.runs.comparison.members import Member
from partsjax.runs.comparison.words import origin, train_images, training_figures
from partsjax.runs.context import Context
from partsjax.runs.emergence import Emergence
from partsjax.runs.emergence.differences import why_unpaired
from partsjax.runs.inputs import network_of
from partsjax.runs.options import Options, with_layers
from partsjax.runs.supervision import TrainingOptions
from partsjax.runs.sweep.joined import joined_emergence
from partsjax.runs.sweep.plan import PlannedRun


@dataclasses.dataclass(frozen=True)
class _Network:
    """One seed of a network: its runs, what they found, all layers it has."""

    runs: Sequence[PlannedRun]
    options: Options
    training: TrainingOptions | None
    found: Emergence
    layers: tuple[str, ...]

    @property
    def seed(self) -> int | None:
        return self.runs[0].seed

    @property
    def member(self) -> Member:
        weights = "" if self.training else self.options.weights
        return Member(self.runs[0].network, self.seed, self.options.net, weights)


def compared_networks(
    folder: Path, runs: Sequence[PlannedRun], baseline: str, context: Context
) -> Comparison:
    """Of those whose runs of emergence are all done, and were judged on the same images as the baseline's.

    The others are named in a note.

    Args:
      runs: all of the sweep, done or not. baseline: a network; "": the first.

    Raises:
      InputError: the baseline is not among them.
    """
    by_name: dict[str, dict[int | None, list[PlannedRun]]] = {}
    for run in runs:
        if run.command == "emergence":
            by_name.setdefault(run.network, {}).setdefault(run.seed, []).append(run)
    baseline = baseline or next(iter(by_name))
    networks: dict[str, list[_Network]] = {}
    for name in sorted(by_name, key=lambda name: name != baseline):
        of_seeds, why = _read(folder, by_name[name])
        if not why:
            first = networks.get(baseline, of_seeds)[0].found
            why = next(filter(None, (_why_apart(one.found, first) for one in of_seeds)), "")
        if not why:
            networks[name] = of_seeds
        elif name == baseline:
            raise InputError(f"{folder}: no comparison: {name}, the baseline, {why}")
        else:
            context.notes.add(f"{name} is not compared: it {why}")
    networks = {name: networks[name] for name in by_name if name in networks}
    for of_seeds in networks.values():
        for one in of_seeds:
            context.notes.add(*one.found.notes)
    _note_versions(folder, networks, context)
    everyone = [one for of_seeds in networks.values() for one in of_seeds]
    return Comparison(
        content=_content(folder, networks, baseline, runs, context),
        digests={one.member.folder: one.found.about.network_digest for one in everyone},
        skipped=sorted({line for one in everyone for line in one.found.skipped}),
    )


def _read(folder: Path, by_seed: Mapping[int | None, Sequence[PlannedRun]]) -> tuple[list[_Network], str]:
    """Every seed of a network; or what it lacks."""
    networks = []
    for runs in by_seed.values():
        lacking = [run.name for run in runs if not (folder / run.place / "manifest.json").exists()]
        if lacking:
            return [], f"lacks {', '.join(lacking)}"
        options = [_options(folder / run.place, Options) for run in runs]
        found = [emergence.read(folder / run.place) for run in runs]
        asked = tuple(dict.fromkeys(layer for of in options for layer in of.layers if layer != "all"))
        network, _ = with_layers(network_of(options[0], Context()), asked, options[0].method)
        layers = tuple(network.fields)
        one = joined_emergence(found, layers)
        if one is None:
            return [], "was not measured in every layer on every class"
        trained = next((run for run in runs[0].before() if run.command == "supervision"), None)
        training = _options(folder / trained.place, TrainingOptions) if trained else None
        networks.append(_Network(runs, options[0], training, one, layers))
    return networks, ""


def _options(place: Path, kind: type):
    return cattrs.structure(workdir.read_json(place / "options.json"), kind)


def _why_apart(found: Emergence, first: Emergence) -> str:
    if why := why_unpaired(found, first):
        return f"was judged on {why}"
    return "" if found.about.method == first.about.method else "was judged by other thresholds"


def _note_versions(folder: Path, networks: Mapping[str, Sequence[_Network]], context: Context) -> None:
    versions = {
        workdir.read_json(folder / run.place / "manifest.json").get("code_version")
        for of_seeds in networks.values()
        for one in of_seeds
        for run in one.runs
    }
    if len(versions) > 1:
        context.notes.add(
            "runs were measured by several versions of this package or its libraries, or on several kinds "
            "of device: their manifests say which; delete a run's folder to measure it anew"
        )


def _content(
    folder: Path,
    networks: Mapping[str, Sequence[_Network]],
    baseline: str,
    runs: Sequence[PlannedRun],
    context: Context,
) -> ComparisonReport:
    measured = {name: [one.found for one in of] for name, of in networks.items()}
    layers = {name: of[0].layers for name, of in networks.items()}
    against = compared.counterparts(measured, baseline)
    found = compared.differences_to_baseline(measured, baseline, against)
    figures = compared.figures(measured)
    first = networks[baseline][0]
    trained = [one for of in networks.values() for one in of if one.training]
    commands = collections.Counter(run.command for run in runs)
    halves = bool(trained) and all(one.training.half not in (None, one.options.half) for one in trained)
    return ComparisonReport(
        title=f"{', '.join(networks)} on {first.options.dataset}",
        command=manifest.command(),
        facts=[
            ("classes", ", ".join(first.found.about.classes)),
            ("runs", ", ".join(f"{number} of {command}" for command, number in commands.items())),
            ("seed of searches and intervals", str(first.options.seed)),
            *((f"version of {name}", version) for name, version in manifest.versions().items()),
        ],
        networks=list(networks),
        baseline=baseline,
        seeds={name: tuple(one.seed for one in of) for name, of in networks.items()},
        layers=list(dict.fromkeys(layer for _, layer in figures)),
        figures=figures,
        differences=found,
        against=against,
        depth=compared.depths(measured, layers),
        pairs=compared.pairs(measured, baseline),
        parts=compared.parts(measured, found),
        origins={
            name: origin(of[0].member, first.options.net, of[0].training) for name, of in networks.items()
        },
        training=[
            training_figures(one.member.name, one.seed or 0, one.training, folder / _training(one).place)
            for one in trained
        ],
        pages={name: dict(_pages(folder, of, runs)) for name, of in networks.items()},
        train_images=train_images(bool(trained), halves),
        notes=tuple(context.notes),
        method=first.options.method,
    )


def _training(one: _Network) -> PlannedRun:
    return next(run for run in one.runs[0].before() if run.command == "supervision")


def _pages(folder: Path, of_seeds: Sequence[_Network], runs: Sequence[PlannedRun]):
    """Reports of a network's runs, and of those that come after them: (run, address)."""
    own = [run.place for one in of_seeds for run in one.runs]
    after = [run.place for run in runs if any(before.place in own for before in run.before())]
    for place in (*own, *after):
        if (folder / place / "report" / "index.html").exists():
            yield place, f"../{place}/report/index.html"
