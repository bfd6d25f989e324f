"""The data set that a run's options name, its notes said aloud."""

from partsjax.data.loading import load_dataset
from partsjax.data.schema import Dataset
from partsjax.reporting.terminal import Terminal


def dataset_of(options, terminal: Terminal, *, skip_bad: bool) -> Dataset:
    """Loads it, with a bar while it is prepared.

    Args:
      options: has `dataset`, `data_dir`, `classes`, `seed` and `reader`, as `Options` has them.
      skip_bad: leave out annotations that are wrong, with a note, instead of raising.
    """
    with terminal.preparation() as progress:
        dataset = load_dataset(
            options.dataset,
            options.data_dir,
            None if tuple(options.classes) == ("all",) else options.classes,
            seed=options.seed,
            reader=options.reader,
            skip_bad=skip_bad,
            progress=progress,
        )
    terminal.note(*dataset.notes)
    return dataset
