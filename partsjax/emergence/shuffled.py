"""The shuffled null: parts permuted among the crops of a class, so that no filter can know them."""

import numpy as np

from partsjax.data.crops import Truth


def shuffled(truth: Truth, seed) -> Truth:
    """The same ground truth with its crops permuted: what a crop shows no longer tells its parts.

    All parts of a crop move together. What is still scored with it is place, and the fitting (our
    choice: both splits are permuted, each by itself).
    """
    return truth.select(np.random.default_rng(seed).permutation(truth.valid.shape[-1]))
