"""Loads what a run's options name: its dataset and its network; adds their notes to the run's."""

from partsjax.data.dataset import Dataset
from partsjax.data.halves import half
from partsjax.data.loading import load_dataset
from partsjax.networks import load_network
from partsjax.networks.protocol import Network
from partsjax.runs.context import Context


def dataset_of(options, context: Context) -> Dataset:
    """Loads the dataset.

    options: has `dataset`, `data_dir`, `classes`, `seed` and `reader`, and may have `half`, as `Options`.
    """
    with context.clock("annotations"), context.preparation() as progress:
        dataset = load_dataset(
            options.dataset,
            options.data_dir,
            classes=None if tuple(options.classes) == ("all",) else options.classes,
            seed=options.seed,
            skip_bad=context.skip_bad,
            progress=progress,
            **options.reader,
            **context.fetching,
        )
    if (number := getattr(options, "half", None)) is not None:
        dataset = half(dataset, number)
    context.notes.add(*dataset.notes)
    return dataset


def network_of(options, context: Context) -> Network:
    """Loads the network.

    options: has `net`, `weights`, `seed`, `dtype` and `file`, and may have `layers`, as `Options` has them.
    """
    with context.clock("weights"):
        network = load_network(
            options.net,
            options.weights,
            layers=getattr(options, "layers", ()),
            seed=getattr(options, "network_seed", options.seed),
            dtype=options.dtype,
            **options.file.asdict(),
        )
    context.notes.add(*network.notes)
    return network
