"""What class scores rest on as a question that a run asks: from options to the files of a run."""

import dataclasses
from pathlib import Path

from partsjax.discriminativeness.filters import DEVIATIONS, Cutoff
from partsjax.networks.class_map import ClassMap
from partsjax.runs import emergence, skeleton
from partsjax.runs.context import Context
from partsjax.runs.discriminativeness.asking import DiscriminativenessRequest, answer_discriminativeness
from partsjax.runs.discriminativeness.class_scores import chosen_layer, require_named_scores, scores_for
from partsjax.runs.discriminativeness.result import Discriminativeness
from partsjax.runs.discriminativeness.same import require_same_network
from partsjax.runs.emergence import Emergence
from partsjax.runs.inputs import dataset_of, network_of
from partsjax.runs.options import Options
from partsjax.runs.question import Question, save

DISCRIMINATIVENESS_CODE = __name__.rpartition(".")[0]


@dataclasses.dataclass(frozen=True)
class DiscriminativenessOptions:
    """What decides the results.

    job: network, data and the method of emergence; its `layers` are left empty. layer: "" for the last
      convolution. emergence: folder of a finished run of it; "": measured in the run's own folder.
    deviations, after_softmax: as in `Cutoff`. blackouts: at most this many crops per part; None: all.
    class_map: classes of the data that are made of others of the network, see `with_classes_of_data`.
    """

    job: Options
    layer: str = ""
    emergence: str = ""
    deviations: float = DEVIATIONS
    after_softmax: bool = False
    blackouts: int | None = None
    class_map: ClassMap = dataclasses.field(default_factory=dict)


def discriminativeness_question(
    options: DiscriminativenessOptions, folder: Path
) -> Question[Discriminativeness]:
    """Which filters and parts do the scores of the network that the options name rest on?

    folder: the run's; where no run of emergence is named, it is measured in `emergence/` there.
    """
    job = options.job

    def prepare(context: Context):
        network = network_of(job, context)
        layer = chosen_layer(network, options.layer, "--layer: ")
        require_named_scores(network, f"--weights={job.weights}: ")
        dataset = dataset_of(job, context)
        scored = scores_for(network, layer, dataset.parts, options.class_map)
        place, given = Path(options.emergence or folder / "emergence"), None
        if options.emergence:
            given = emergence.read(place)
            require_same_network(given, str(place), network, layer, dataset.parts)

        def measured(context: Context) -> Emergence:
            if given is not None:
                return given
            context.say(f"emergence of {layer} first, into {place} (or name a run with --emergence)")
            of_layer = dataclasses.replace(job, layers=(layer,), nulls=(), all_searches=False)
            return skeleton.run(emergence.emergence_question(of_layer, report=False), place, context.step())

        cutoff = Cutoff(options.deviations, options.after_softmax)
        asked = DiscriminativenessRequest(
            layer, cutoff, options.blackouts, job.limit, job.seed, options.emergence or "emergence"
        )

        def named(context: Context) -> Discriminativeness:
            found = answer_discriminativeness(scored, dataset, asked, measured, context)
            names = {"net": job.net, "weights": job.weights, "dataset": job.dataset}
            return dataclasses.replace(found, about=dataclasses.replace(found.about, **names))

        return named

    def write(found: Discriminativeness, folder: Path, context: Context) -> None:
        save(found, folder, context)
        from partsjax.runs.discriminativeness.report import (
            draw_discriminativeness_report,  # charts take long to import
        )

        with context.clock("report"):
            draw_discriminativeness_report(folder / "report", found, context)

    return Question(options, DISCRIMINATIVENESS_CODE, job.dtype, prepare, write)
