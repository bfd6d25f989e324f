"""What emerges depending on what a network was trained for: the question as a run asks it."""

import collections
from collections.abc import Mapping, Sequence
from pathlib import Path

from partsjax.errors import InputError, nearest
from partsjax.networks import load_network
from partsjax.reporting.comparison import ComparisonReport, write_comparison_report
from partsjax.runs import manifest
from partsjax.runs.comparison import compared
from partsjax.runs.comparison.each import Each, Train, train_in
from partsjax.runs.comparison.members import Member, members
from partsjax.runs.comparison.options import ComparisonOptions
from partsjax.runs.comparison.result import Comparison
from partsjax.runs.comparison.words import facts, origin, size_notes, train_images, training_figures
from partsjax.runs.context import Context
from partsjax.runs.emergence import Emergence
from partsjax.runs.inputs import dataset_of, network_of
from partsjax.runs.options import with_layers
from partsjax.runs.question import Question, save
from partsjax.runs.supervision.log import summary_writer
from partsjax.runs.supervision.run import require_trainable
from partsjax.runs.workdir import unfinished

COMPARISON_CODE = __name__.rpartition(".")[0]


def comparison_question(
    options: ComparisonOptions, folder: Path, *, pages: bool = False, train: Train = train_in
) -> Question[Comparison]:
    """How do the networks that the options name compare?

    Every network is trained and measured in a folder of its own under `folder`, the run's.

    Args:
      pages: also a report of every network's own run.

    Raises:
      InputError: networks that cannot be, in one line.
    """
    every = members(options.networks, options.seeds, options.measuring.net)
    names = list(dict.fromkeys(member.name for member in every))
    if options.baseline not in names:
        raise InputError(
            f"--baseline={options.baseline}: not among the networks; {nearest(options.baseline, names)}"
        )
    each = Each(options, folder, pages, train)

    def prepare(context: Context):
        if any(member.trained for member in every):
            summary_writer()
        dataset_of(options.measuring, context)
        layers = _check_given(options, every, context)
        return lambda context: _answer(each, every, layers, context)

    def write(found: Comparison, folder: Path, context: Context) -> None:
        save(found, folder, context)
        with context.clock("report"), unfinished(folder / "report") as place:
            write_comparison_report(place, found.content)

    return Question(options, COMPARISON_CODE, options.measuring.dtype, prepare, write)


def _check_given(
    options: ComparisonOptions, every: list[Member], context: Context
) -> dict[str, tuple[str, ...]]:
    """Loads every network that is given: mistakes show before hours of training. Notes what is assumed.

    Returns:
      By name, all layers of the network, in forward order.
    """
    if options.trains:
        require_trainable(options.training.net)
    several = len({member.net for member in every}) > 1
    loaded, sizes = {}, collections.defaultdict(list)
    jobs = {m.name: options.measuring_of(m, m.weights or options.training_of(m).weights) for m in every}
    given = options.measuring.file.given()
    if given and not any(job.file.given() for job in jobs.values()):
        raise InputError(f"{' '.join(given)}: for weight files, none of which is compared; leave it out")
    of = {name: (job.net, job.weights, job.layers) for name, job in jobs.items()}
    for name, job in jobs.items():
        source = of[name]  # a PyTorch module has the layers asked for alone
        if source not in loaded:
            loaded[source] = network_of(job, context)
        try:
            with_layers(loaded[source], job.layers, job.method)
        except InputError as error:
            more = f"; of one network alone they are named as {name}:LAYER" if several else ""
            raise InputError(f"{error}{more}") from None
        sizes[loaded[source].input_size].append(name)
    context.notes.add(*size_notes(sizes))
    for net in dict.fromkeys(member.net for member in every):
        seeds = sorted({m.seed for m in every if (m.net, m.weights) == (net, "random")})
        named = next(jobs[member.name].layers for member in every if member.net == net)
        _check_seeds(net, named, options.measuring.dtype, seeds)
    return {name: tuple(loaded[source].fields) for name, source in of.items()}


def _check_seeds(net: str, layers: Sequence[str], dtype: str, seeds: list[int]) -> None:
    """Refuses seeds that a function of the user's makes one network of: an interval over them would lie."""
    if ":" not in net or len(seeds) < 2:
        return
    first, second = (
        load_network(net, "random", layers=layers, seed=seed, dtype=dtype).digest for seed in seeds[:2]
    )
    if first == second:
        raise InputError(
            f"--seeds: {net} gives the same random weights for {seeds[0]} and {seeds[1]}; give its function "
            "a parameter `seed` and draw from it, or give one seed"
        )


def _answer(
    each: Each, every: list[Member], layers: Mapping[str, Sequence[str]], context: Context
) -> Comparison:
    """Measures one network after another; those that cannot be compared show at once."""
    found: list[Emergence] = []
    for number, member in enumerate(every, 1):
        found.append(each.measured(member, f"{member.folder} ({number} of {len(every)})", context))
        places = str(each.place(every[0])), str(each.place(member))
        compared.require_same_images(found[0], found[-1], places)
    measured = collections.defaultdict(list)
    for member, of in zip(every, found, strict=True):
        measured[member.name].append(of)
    return Comparison(
        content=_content(each, every, measured, layers, context),
        digests={m.folder: of.about.network_digest for m, of in zip(every, found, strict=True)},
        skipped=sorted({problem for of in found for problem in of.skipped}),
    )


def _content(
    each: Each,
    every: list[Member],
    measured: compared.Measured,
    layers: Mapping[str, Sequence[str]],
    context: Context,
) -> ComparisonReport:
    options = each.options
    by_name = {name: [member for member in every if member.name == name] for name in measured}
    against = compared.counterparts(measured, options.baseline)
    found = compared.differences_to_baseline(measured, options.baseline, against)
    figures = compared.figures(measured)
    nets = ", ".join(dict.fromkeys(member.net for member in every))
    return ComparisonReport(
        title=f"{nets} on {options.measuring.dataset}{', by supervision' if options.trains else ''}",
        command=manifest.command(),
        facts=facts(options, measured[options.baseline][0].about.classes),
        networks=list(measured),
        baseline=options.baseline,
        seeds={name: tuple(member.seed for member in of) for name, of in by_name.items()},
        layers=list(dict.fromkeys(layer for _, layer in figures)),
        figures=figures,
        differences=found,
        against=against,
        depth=compared.depths(measured, layers),
        pairs=compared.pairs(measured, options.baseline),
        parts=compared.parts(measured, found),
        origins={
            name: origin(of[0], options.measuring.net, options.training_of(of[0]) if of[0].trained else None)
            for name, of in by_name.items()
        },
        training=[
            training_figures(name, member.seed, options.training_of(member), each.training(member))
            for name in measured
            for member in by_name[name]
            if member.trained
        ],
        pages={name: dict(page for m in of for page in each.page(m).items()) for name, of in by_name.items()},
        train_images=train_images(options.trains, options.train_on == "half"),
        notes=tuple(context.notes),
        method=options.measuring.method,
    )
