"""Bias-corrected bootstrap intervals and p-values (Efron's BC)."""

from statistics import NormalDist

import numpy as np

NORMAL = NormalDist()


def interval(value, samples):
    """95% interval of a figure: quantiles of its samples at Phi(2 z0 -+ 1.96); NaNs where nothing is known.

    z0 = Phi^-1(share of the samples below the figure), of those equal to it half. Shares are kept half a
    sample away from 0 and 1. Samples without a box to find, NaN, are left out.
    """
    known = _known(value, samples)
    if not len(known):
        return np.nan, np.nan
    bias, z = _bias(value, known), NORMAL.inv_cdf(0.975)
    return tuple(np.quantile(known, [_kept(NORMAL.cdf(2 * bias + end), known) for end in (-z, z)]))


def p_value(value, samples):
    """One-sided, of a figure of 0 or less: Phi(Phi^-1(share of samples <= 0) - 2 z0); NaN as above."""
    known = _known(value, samples)
    if not len(known):
        return np.nan
    at_most_0 = NORMAL.inv_cdf(_kept(np.mean(known <= 0), known))
    return _kept(NORMAL.cdf(at_most_0 - 2 * _bias(value, known)), known)


def _known(value, samples):
    samples = np.asarray(samples, float)
    return samples[~np.isnan(samples) & ~np.isnan(value)]


def _bias(value, known):
    return NORMAL.inv_cdf(_kept(np.mean(known < value) + np.mean(known == value) / 2, known))


def _kept(share, known):
    return min(max(share, 0.5 / len(known)), 1 - 0.5 / len(known))
