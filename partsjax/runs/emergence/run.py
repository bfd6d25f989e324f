"""Emergence as a question that a run asks: from options to the files of a run."""

import dataclasses
from pathlib import Path

from partsjax.emergence.nulls import chosen_nulls
from partsjax.runs.context import Context
from partsjax.runs.emergence.asked import EmergenceRequest, descriptions_of
from partsjax.runs.emergence.measuring import answer_emergence
from partsjax.runs.emergence.result import Emergence
from partsjax.runs.inputs import dataset_of, network_of
from partsjax.runs.options import Options, with_layers
from partsjax.runs.question import Question, save

EMERGENCE_CODE = __name__.rpartition(".")[0]


def emergence_question(options: Options, *, report: bool = True) -> Question[Emergence]:
    """Which parts have detectors in the network that the options name?

    report: whether to write `report/` too.
    """

    def prepare(context: Context):
        dataset = dataset_of(options, context)
        given = network_of(options, context)
        network, layers = with_layers(given, options.layers, options.method)
        asked = EmergenceRequest(
            layers,
            options.method,
            options.searches,
            chosen_nulls(options.nulls),
            options.limit,
            options.seed,
            null_seeds=options.null_seeds,
            frame=options.frame,
            iou=options.iou,
            readouts=options.readouts,
            own_evidence=options.own_evidence,
            sanity=options.sanity,
            descriptions=descriptions_of(network, layers, options.descriptions),
        )

        def named(context: Context) -> Emergence:
            found = answer_emergence(network, dataset, asked, context)
            names = {"net": options.net, "weights": options.weights, "dataset": options.dataset}
            about = dataclasses.replace(found.about, **names, network_digest=given.digest)
            return dataclasses.replace(found, about=about)

        return named

    def write(found: Emergence, folder: Path, context: Context) -> None:
        save(found, folder, context)
        if report:
            from partsjax.runs.emergence.report import draw_emergence_report  # charts take long to import

            with context.clock("report"):
                draw_emergence_report(folder / "report", found, None, context)

    return Question(options, EMERGENCE_CODE, options.dtype, prepare, write)
