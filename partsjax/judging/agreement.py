"""Krippendorff's alpha: how far raters agree, between chance (0) and always (1)."""

import numpy as np

from partsjax.emergence.bootstrap import Resampled


def alpha(counts: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Krippendorff's alpha for nominal data, with gaps (Computing Krippendorff's Alpha-Reliability, 2011).

    alpha = 1 - D_o / D_e. Observed disagreement: of the pairs of answers on the same item, those that
    differ, D_o = 1/n sum_u sum_c n_uc (m_u - n_uc) / (m_u - 1); expected, of the pairs of all answers,
    D_e = 1/(n (n - 1)) sum_c n_c (n - n_c). n_uc: answers c on item u; m_u: answers on u; n_c, n: their
    sums over the items with at least two answers, others being left out.

    Args:
      counts: [I, K], how many raters gave an item each answer.
      weights: float [I, B], how often an item counts; None: once.

    Returns:
      float64 [B], or a scalar without weights; NaN where there is no pair, or all answers are the same.
    """
    counts = np.asarray(counts, np.float64)
    answers = counts.sum(axis=1)
    paired = answers > 1
    w = np.ones((len(counts), 1)) if weights is None else np.asarray(weights, np.float64)
    counts, answers, w = counts[paired], answers[paired], w[paired]
    differing = (counts * (answers[:, None] - counts)).sum(axis=1) / (answers - 1)
    of_answer = counts.T @ w  # [K, B]
    n = of_answer.sum(axis=0)
    by_chance = (of_answer * (n - of_answer)).sum(axis=0)
    ratio = np.divide((n - 1) * (differing @ w), by_chance, out=np.full(n.shape, np.nan), where=by_chance > 0)
    return 1 - (ratio[0] if weights is None else ratio)


def resampled_alpha(counts: np.ndarray, weights: np.ndarray) -> Resampled:
    """Alpha, and in each bootstrap sample of items: a drawn item brings all its answers.

    Raters are not drawn again: drawn twice, one would agree with itself.
    """
    return Resampled(alpha(counts), alpha(counts, weights))
