"""What a training run is fed: the examples of both splits, readable and drawn as its options say."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from partsjax.data.dataset import Dataset
from partsjax.data.prefetch import prefetch
from partsjax.data.schema import SPLITS
from partsjax.networks.devices import own_rows
from partsjax.networks.protocol import Network
from partsjax.runs import photographs
from partsjax.runs.context import Context
from partsjax.runs.supervision.asked import TrainingRequest
from partsjax.supervision.examples import Examples, gather
from partsjax.supervision.fixed import FixedWindows
from partsjax.supervision.inputs import inputs_for
from partsjax.supervision.pictures import Pictures, View
from partsjax.supervision.sampling import TrainingBatch


class TrainingData:
    """Training batches by step, and validation in order: of each batch this process's rows.

    train, val: the examples that can be read; skipped: what was wrong with the others, a line each.
    train_truth, val_truth: what the objective's baselines and metrics ask for.
    """

    def __init__(
        self,
        dataset: Dataset,
        network: Network,
        asked: TrainingRequest,
        context: Context,
        windows_dir: Path | None,
    ):
        """Reads every image once, so that a bad one is known before the first step.

        windows_dir: where selective search keeps what it found.

        Raises `InputError` for what cannot be read or learned from.
        """
        recipe = asked.recipe
        self._pictures, self._threads = Pictures(), context.threads
        self.skipped: list[str] = []
        both = [gather(dataset, split, limit=asked.limit) for split in SPLITS]
        looks = photographs.looked_at([i for one in both for i in one.images], context)
        self._digests = photographs.digests(looks)
        photographs.note_oddities(looks, context.notes, allow_duplicates=context.allow_duplicates)
        self.train, self.val = (self._readable(one, context) for one in both)
        context.notes.add(*self.train.notes, *self.val.notes)
        size = recipe.image_size if asked.supervision != "object" else None
        view = View(self._pictures, size or network.input_size, network.preprocessing.mean)
        inputs = inputs_for(
            asked.supervision, (self.train, self.val), view, recipe, seed=asked.seed, windows_dir=windows_dir
        )
        self._inputs = inputs.share(own_rows(recipe.batch_size))
        self.val_truth = self._inputs.val.truth
        if isinstance(self._inputs.val, FixedWindows):
            self.train_truth = dataclasses.replace(self._inputs.val, examples=self.train).truth
        else:
            self.train_truth = self.train.truth(self._pictures)

    def digest(self) -> str:
        """Hexadecimal, of all pixels and annotations of both splits."""
        shown = [
            [image.image_id, self._digests[image.image_id], repr(image.objects)]
            for examples in (self.train, self.val)
            for image in examples.images
        ]
        return hashlib.sha256(json.dumps([self.train.classes, *shown]).encode()).hexdigest()

    def training(self, first: int, steps: int) -> Iterator[TrainingBatch]:
        """The batches of steps `first` to `steps`, in order."""
        return prefetch(self._inputs.train, range(first, steps), self._threads)

    def validation(self) -> Iterator[tuple[TrainingBatch, int]]:
        """(batch, how many of the rows of all processes count), in order."""
        for batch in prefetch(self._inputs.val, range(len(self._inputs.val)), self._threads):
            yield {name: value for name, value in batch.items() if name != "count"}, int(batch["count"])

    def _readable(self, examples: Examples, context: Context) -> Examples:
        with context.preparation() as progress:
            bad = self._pictures.unreadable(
                examples.images,
                threads=context.threads,
                progress=lambda done, total: progress(done, total, f"{examples.split} images"),
            )
        if not bad:
            return examples
        if not context.skip_bad:
            labels = {image.image_id: image.source.label for image in examples.images}
            raise photographs.unreadable({labels[name]: problem for name, problem in bad.items()})
        self.skipped += bad.values()
        return examples.without(bad)
