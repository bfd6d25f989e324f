"""The result of training: a network, and its figures along the way."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partsjax.networks.protocol import Network
from partsjax.networks.weights.checkpoints import Checkpoint, holds_checkpoint, write_network
from partsjax.runs.supervision.log import MetricRow, course, write_metrics

if TYPE_CHECKING:
    import pandas as pd

TRAINING_FILES = ("metrics.csv",)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Trained:
    """A trained network: what `train` returns.

    network: ready to be measured, with class scores. baselines: what the validation metrics are without
    looking at an image. headline: the metric that says most. examples: how many of train and val were used.
    notes: what a reader of the figures has to know. skipped: images left out, a line each.
    """

    network: Network
    rows: tuple[MetricRow, ...]
    baselines: Mapping[str, float]
    headline: str
    examples: Mapping[str, int]
    notes: tuple[str, ...]
    skipped: tuple[str, ...]
    checkpoint: Checkpoint

    @functools.cached_property
    def metrics(self) -> "pd.DataFrame":
        """step, split, metric, value: the mean loss of every training batch, and validation's figures."""
        import pandas as pd

        return pd.DataFrame([dataclasses.asdict(row) for row in self.rows])

    def validation(self) -> dict[int, dict[str, float]]:
        """Step -> metric -> its value on validation examples."""
        return course(self.rows, "val")

    def __repr__(self) -> str:
        last, figures = list(self.validation().items())[-1]
        figure = f"{self.headline} {100 * figures[self.headline]:.1f}%"
        return f"Trained({self.network.name}, {self.checkpoint.about.objective}: {figure} at step {last})"

    def _repr_html_(self) -> str:
        import pandas as pd

        found = {"without looking": self.baselines, **{f"step {s}": f for s, f in self.validation().items()}}
        return pd.DataFrame(found).to_html(float_format="{:.3f}".format, na_rep="–")

    @property
    def outputs(self) -> Sequence[str]:
        """Names of the files that `save` writes, besides the checkpoint."""
        return TRAINING_FILES

    def save(self, folder: str | Path) -> None:
        """Writes `metrics.csv`, and `checkpoint/` where it is not there yet, for `load_network`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if not holds_checkpoint(folder / "checkpoint"):
            write_network(folder / "checkpoint", self.checkpoint)
        write_metrics(folder / "metrics.csv", self.rows)

    def manifest(self) -> Mapping[str, Any]:
        """What a run's manifest says of it, besides what all runs say."""
        return {
            "metrics": self.validation(),
            "baselines": self.baselines,
            "examples": self.examples,
            "network_digest": self.network.digest,
        }
