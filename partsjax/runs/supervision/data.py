"""What a training run is fed: the examples of both splits, readable and drawn as its options say."""

import hashlib
import json
from collections.abc import Iterator

from partsjax.data.dataset import Dataset
from partsjax.data.schema import SPLITS
from partsjax.networks.protocol import Network
from partsjax.reporting.terminal import Terminal
from partsjax.runs import photographs
from partsjax.runs.execution import Execution, context_of
from partsjax.runs.prefetch import prefetch
from partsjax.supervision.examples import Examples, gather
from partsjax.supervision.fixed import FixedWindows
from partsjax.supervision.inputs import inputs_for
from partsjax.supervision.pictures import Pictures
from partsjax.supervision.sampling import TrainingBatch


class TrainingData:
    """Training batches by step, and validation in order.

    train, val: the examples that can be read; skipped: what was wrong with the others, a line each.
    train_truth, val_truth: what the objective's baselines and metrics ask for.
    """

    def __init__(self, dataset: Dataset, options, execution: Execution, network: Network, terminal: Terminal):
        """Reads every image once, so that a bad one is known before the first step.

        options: `TrainingOptions`. Raises `InputError` for what cannot be read or learned from.
        """
        self._pictures, self._threads = Pictures(), execution.threads
        self.skipped: list[str] = []
        both = [gather(dataset, split, limit=options.limit) for split in SPLITS]
        looks = photographs.looked_at(
            [i for one in both for i in one.images], context_of(terminal, execution)
        )
        self._digests = photographs.digests(looks)
        photographs.note_oddities(
            looks, context_of(terminal, execution).notes, allow_duplicates=execution.allow_duplicates
        )
        self.train, self.val = (self._readable(one, execution, terminal) for one in both)
        terminal.note(*self.train.notes, *self.val.notes)
        size = options.image_size if options.supervision != "object" else None
        self._inputs = inputs_for(
            options.supervision,
            self.train,
            self.val,
            self._pictures,
            size=size or network.input_size,
            fill=network.preprocessing.mean,
            batch_size=options.batch_size,
            seed=options.seed,
            balanced=options.balance,
            windows=options.windows or None,
            num_windows=options.num_windows,
            windows_dir=execution.workdir / "cache" / "windows",
            val_limit=options.val_limit,
        )
        self.val_truth = self._inputs.val.truth
        if isinstance(self._inputs.val, FixedWindows):
            val = self._inputs.val
            self.train_truth = FixedWindows(
                self.train, self._pictures, val.size, val.fill, val.batch_size, limit=val.limit
            ).truth
        else:
            self.train_truth = self.train.truth(self._pictures)

    def digest(self) -> str:
        """Hexadecimal, of all pixels and annotations of both splits."""
        told = [
            [image.image_id, self._digests[image.image_id], repr(image.objects)]
            for examples in (self.train, self.val)
            for image in examples.images
        ]
        return hashlib.sha256(json.dumps([self.train.classes, *told]).encode()).hexdigest()

    def training(self, first: int, steps: int) -> Iterator[TrainingBatch]:
        """The batches of steps `first` to `steps`, in order."""
        return prefetch(self._inputs.train, range(first, steps), self._threads)

    def validation(self) -> Iterator[tuple[TrainingBatch, int]]:
        """(batch, how many of its rows count), in order."""
        for batch in prefetch(self._inputs.val, range(len(self._inputs.val)), self._threads):
            yield {name: value for name, value in batch.items() if name != "count"}, int(batch["count"])

    def _readable(self, examples: Examples, execution: Execution, terminal: Terminal) -> Examples:
        with context_of(terminal, execution).preparation() as progress:
            bad = self._pictures.unreadable(
                examples.images,
                threads=execution.threads,
                progress=lambda done, total: progress(done, total, f"{examples.split} images"),
            )
        if not bad:
            return examples
        if not execution.skip_bad:
            labels = {image.image_id: image.source.label for image in examples.images}
            raise photographs.unreadable({labels[name]: problem for name, problem in bad.items()})
        self.skipped += bad.values()
        return examples.without(bad)
