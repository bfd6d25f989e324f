"""The 1,000 classes of ImageNet's challenge (Russakovsky et al. 2015), synsets of WordNet."""

import csv
import functools
import importlib.resources


@functools.cache
def imagenet_names() -> dict[str, str]:
    """Synset, as `n02085620`, -> its first name in WordNet, in the order of the scores of classifiers."""
    text = importlib.resources.files(__package__).joinpath("imagenet_classes.csv").read_text(encoding="utf-8")
    return {row["synset"]: row["name"] for row in csv.DictReader(text.splitlines())}


def imagenet_synsets() -> tuple[str, ...]:
    """The synsets in the order of the scores of classifiers: what `Network.classes` holds of such a one."""
    return tuple(imagenet_names())
