"""The result of measuring: verdicts on parts, scores of filters, sets found."""

import collections
import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from partsjax.data.crops import Crops
from partsjax.data.dataset import Dataset
from partsjax.emergence.combination import Search
from partsjax.emergence.descriptions import Descriptions, read_descriptions
from partsjax.emergence.evidence import Trial
from partsjax.emergence.iou import FilterIou, LayerCriteria, compared_criteria
from partsjax.emergence.judged import Judged
from partsjax.emergence.method import Method
from partsjax.emergence.summary import LayerSummary, best_unregressed, summarize
from partsjax.emergence.verdict import Verdict
from partsjax.progress import bars, silent
from partsjax.reporting import tables
from partsjax.runs import workdir
from partsjax.runs.context import Context
from partsjax.runs.unseen import Images

KEPT = "resamples.npz"
EMERGENCE_FILES = ("filters.parquet", "parts.csv", "combinations.csv", KEPT, "summary.json")
SANITY_FILE = "sanity.csv"  # where sanity was asked for
DESCRIPTIONS_FILE = "descriptions.csv"  # where there are any

if TYPE_CHECKING:
    import pandas as pd

    from partsjax.runs.emergence.descriptions import Described
    from partsjax.runs.emergence.differences import Differences
    from partsjax.runs.emergence.queries import FoundCrops


@dataclasses.dataclass(frozen=True)
class EmergenceFacts:
    """What was measured, on what and how.

    net, weights: what the network is called, and where its weights are from, as far as that is known.
    layers: in forward order; nulls: names of those that ran; search: the one that verdicts are of.
    limit: objects per class and split; input_size: side of the crops in pixels; batch_size: of crops.
    network_digest, input_fingerprint: hexadecimal, of the network and of all that it was shown. The digest is
      that of the network as it was given, without the layers that are made because they are asked for
      (rotated ones, those of both signs): `layers` and `method` say these.
    nominal: those layers whose receptive fields are nominal.
    frame: what the network was shown, objects or whole images. mean_color: what it was blacked out with.
    """

    net: str
    weights: str
    dataset: str
    classes: tuple[str, ...]
    layers: tuple[str, ...]
    nulls: tuple[str, ...]
    method: Method
    search: Search
    limit: int | None
    seed: int
    input_size: int
    batch_size: int
    network_digest: str
    input_fingerprint: str
    nominal: tuple[str, ...] = ()
    frame: str = "object"
    mean_color: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Emergence:
    """Which parts have detectors among a network's filters: what `measure` returns and `read` reads.

    Attributes:
      about: what was measured.
      judged: by (layer, class), scores and verdicts, exactly.
      images: the unseen images it was judged on.
      readable: by class, which of their crops could be read, bool [N].
      ids: by class, names of those that could be read: image id, "#" and the object's number in the image.
      crops: by class, those of unseen images; None after `read` without a dataset.
      notes: what a reader of the figures has to know, a line each.
      skipped: what was wrong with images left out, a line each.
      iou: by (layer, class), Network Dissection's criterion, where it was measured.
      null_iou: by null that has a network of its own, the same.
      descriptions: what someone else says of its filters, as it was given.
    """

    about: EmergenceFacts
    judged: Mapping[tuple[str, str], Judged]
    images: Images
    readable: Mapping[str, np.ndarray]
    ids: Mapping[str, tuple[str, ...]]
    crops: Mapping[str, Crops] | None
    notes: tuple[str, ...]
    skipped: tuple[str, ...]
    iou: Mapping[tuple[str, str], FilterIou] = dataclasses.field(default_factory=dict)
    null_iou: Mapping[str, Mapping[tuple[str, str], FilterIou]] = dataclasses.field(default_factory=dict)
    descriptions: Descriptions | None = None

    @property
    def verdicts(self) -> list[Verdict]:
        """On every part, layer by layer, class by class."""
        return [v for found in self.judged.values() for v in found.evidence.verdicts]

    @property
    def trials(self) -> list[Trial]:
        """What every search found, in the same order."""
        return [t for found in self.judged.values() for t in found.evidence.trials]

    @functools.cached_property
    def parts(self) -> "pd.DataFrame":
        """One row per layer, class and part: the columns of `parts.csv`, with exact values."""
        return tables.parts_table(self.verdicts)

    @functools.cached_property
    def combinations(self) -> "pd.DataFrame":
        """One row per layer, class, part and search: the set that each search found."""
        return tables.combinations_table(self.trials)

    @functools.cached_property
    def sanity(self) -> "pd.DataFrame":
        """One row per layer, class, part and held-out score: what it becomes where labels are wrong."""
        return tables.sanity_table(self.verdicts)

    @functools.cached_property
    def filters(self) -> "pd.DataFrame":
        """One row per layer, class, filter and part."""
        return tables.filters_table(
            (of.evidence.verdicts, of.scores, self.iou.get(names)) for names, of in self.judged.items()
        )

    @functools.cached_property
    def summary(self) -> dict[str, LayerSummary]:
        """The verdicts of each layer, summarized."""
        verdicts, unregressed = collections.defaultdict(list), collections.defaultdict(list)
        for (layer, _), found in self.judged.items():
            verdicts[layer] += found.evidence.verdicts
            scores = found.scores
            unregressed[layer] += best_unregressed(scores.ap_train_unregressed, scores.ap_val_unregressed)
        return {
            layer: dataclasses.replace(
                summarize(verdicts[layer], unregressed[layer]), nominal=layer in self.about.nominal
            )
            for layer in self.about.layers
        }

    @functools.cached_property
    def criteria(self) -> dict[str, LayerCriteria]:
        """By layer, what Network Dissection's criterion and ours call detectors; empty without `iou`."""
        return {layer: self._criteria(layer) for layer in self.about.layers if self.iou}

    def _criteria(self, layer: str) -> LayerCriteria:
        names = [(layer, of_class) for of_class in self.about.classes]
        of = [self.judged[name] for name in names]
        return compared_criteria(
            [v for one in of for v in one.evidence.verdicts],
            np.concatenate([one.scores.ap_val for one in of], axis=1),
            FilterIou.over_classes([self.iou[name] for name in names]),
            {null: FilterIou.over_classes([iou[n] for n in names]) for null, iou in self.null_iou.items()},
            self.about.seed,
        )

    @functools.cached_property
    def described(self) -> "Described | None":
        """`descriptions` held against the truth; None where none were given."""
        return None if self.descriptions is None else self._described(self.descriptions)

    def _described(self, descriptions: Descriptions) -> "Described":
        from partsjax.runs.emergence.descriptions import described

        return described(self, descriptions)

    def describe(self, descriptions: "str | Path | pd.DataFrame") -> "Described":
        """What someone else says of filters, held against the truth: AP, IoU and rank of each described
        filter on the part that its description names.

        Intervals, and whether a filter is beyond place, are known of those filters and parts that `measure`
        was asked about (its `descriptions`): they need detections, which a result does not hold.

        Args:
          descriptions: a CSV file, or a frame, of `layer`, `unit` and `text` (`measure` says how).

        Raises:
          InputError: it is no such file, or describes a layer or a filter that was not measured.
        """
        return self._described(read_descriptions(descriptions))

    @property
    def samples(self) -> dict[tuple[str, str], np.ndarray]:
        """By (layer, class), float32 [P, 1000]: held-out AP of each part's set on each bootstrap sample."""
        return {names: found.evidence.resamples for names, found in self.judged.items()}

    def __repr__(self) -> str:
        about, summary = self.about, self.summary
        counts = ", ".join(
            f"{layer} {of.beyond_place} ({of.emerging_strict}, {of.emerging_paper})"
            for layer, of in summary.items()
        )
        return (
            f"<Emergence: {about.net} on {about.dataset}; parts beyond place (strict, by the paper's "
            f"criterion), of {next(iter(summary.values())).parts}: {counts}>"
        )

    def _repr_html_(self) -> str:
        from partsjax.reporting.notebook import verdicts_html
        from partsjax.reporting.verdict_table import verdict_table

        return verdicts_html(self.title, verdict_table(self.verdicts, self.summary), self.notes)

    @property
    def title(self) -> str:
        """As "alexnet (imagenet) on shapeparts"."""
        weights = f" ({self.about.weights})" if self.about.weights else ""
        return f"{self.about.net}{weights} on {self.about.dataset}"

    def compare(self, other: "Emergence") -> "Differences":
        """This minus another, layer by layer and part by part, with paired intervals over images.

        Layers of the same name are compared; one that the other lacks, with the other's last.

        Raises:
          InputError: the other was judged on other images, or with another seed.
        """
        from partsjax.runs.emergence.differences import differences

        return differences(self, other)

    def top(self, layer: str, filter: int, k: int = 12, *, object_class: str | None = None) -> "FoundCrops":
        """The unseen crops that excite a filter most, one row each, by descending activation.

        Needs no network, and no images but for pictures: what it takes is kept with the result.

        Args:
          layer: one that was measured; filter: its number there.
          k: at most so many, up to 12, which are kept of each class; crops that it does not fire on are none.
          object_class: only crops of that class.

        Returns:
          Pictures in a notebook, and as `table` the columns `crop` (its name, as in `ids`), `object_class`,
          `split` ("val"), `activation` (of its strongest stimulus), `x1`, `y1`, `x2`, `y2` (the receptive
          field), `part` (of all parts of the class the one with the highest AP on train by this filter) and
          `part_x1`, `part_y1`, `part_x2`, `part_y2` (what the stimulus is regressed to for it). Boxes are in
          crop pixels.

        Raises:
          InputError: there is no such layer, filter or class, or fewer crops are kept.
        """
        from partsjax.runs.emergence.queries import top

        return top(self, layer, filter, k, object_class)

    def similar(
        self, crop: str, layer: str, filters: Iterable[int] | None = None, k: int = 12
    ) -> "FoundCrops":
        """The crops of other unseen images that excite the same filters most alike (our choice).

        A crop is the vector of what it excites each filter to: its strongest stimulus, over the strongest on
        any unseen crop, so that all filters count alike. Similarity is the cosine of the angle between two.
        Needs no network, as `top`.

        Args:
          crop: its name, as in `ids` and in the tables of `top`.
          layer: one that was measured.
          filters: numbers of two or more there, as a verdict's `combination`; None: all.
          k: at most so many; crops with a similarity of 0 are none.

        Returns:
          Pictures in a notebook, and as `table` the columns `crop`, `object_class`, `split` ("val") and
          `similarity`, by descending similarity; of equal ones, to six decimals, the first of the dataset.

        Raises:
          InputError: there is no such crop, layer or filter, or no filter fires on the crop.
        """
        from partsjax.runs.emergence.queries import similar

        return similar(self, crop, layer, filters, k)

    @property
    def outputs(self) -> Sequence[str]:
        """Names of the files that `save` writes."""
        further = {SANITY_FILE: len(self.sanity), DESCRIPTIONS_FILE: self.descriptions}
        return (*EMERGENCE_FILES, *(name for name, there in further.items() if there))

    def save(self, folder: str | Path) -> None:
        """Writes the files of a run into a folder, but for its manifest and report; `read` makes the same
        object.

        Raises:
          InputError: the folder cannot be written to.
        """
        from partsjax.runs.emergence.files import write_files

        folder = Path(folder).expanduser()
        with workdir.plain_errors(folder):
            workdir.make_folder(folder)
            write_files(self, folder)

    def write_report(
        self, folder: str | Path, dataset: Dataset | None = None, *, progress: bool = True
    ) -> None:
        """Writes pages that need no network, with pictures from the dataset; they begin at `index.html`.

        Args:
          folder: of the report alone; one that is there is replaced.
          dataset: needed after `read` without it: the one it was measured on.

        Raises:
          InputError: there is no dataset, or it is a different one, or the folder cannot be written to.
        """
        from partsjax.runs.emergence.report import draw_emergence_report

        folder = Path(folder).expanduser()
        with workdir.plain_errors(folder):
            draw_emergence_report(folder, self, dataset, Context(progress=bars() if progress else silent))

    def manifest(self) -> Mapping[str, Any]:
        """What a run's manifest says of it, besides what all runs say."""
        return {
            "layers": self.about.layers,
            "nulls_ran": self.about.nulls,
            "batch_size": self.about.batch_size,
            "network_digest": self.about.network_digest,
            "input_fingerprint": self.about.input_fingerprint,
        }
