"""Ridge regression from sums: the solution, and its error on the other half of train."""

from collections.abc import Sequence

import numpy as np
import scipy.linalg

from partsjax.emergence.readout.grid import PLACE_TERMS

_CONSTANT = 1e-12  # variance, relative to the mean square, under which a filter is called constant


def scales(gram: np.ndarray) -> np.ndarray:
    """Standard deviation of each activation over the cells of a Gram matrix; 1 for the place terms.

    1 also for a filter whose activation is the same in all cells.

    Args:
      gram: float64 [D, D], the last feature being 1.

    Returns:
      float64 [D].
    """
    cells = max(gram[-1, -1], 1)
    square = np.diag(gram) / cells
    variance = square - (gram[-1] / cells) ** 2
    found = np.sqrt(np.where(variance > _CONSTANT * square, variance, 1))
    found[-PLACE_TERMS:] = 1
    return found


def ridge(gram: np.ndarray, right: np.ndarray, scale: np.ndarray, strength: float) -> np.ndarray:
    """Least squares on features over `scale`, with a ridge of `strength` times their mean square.

    With G and b of the scaled features, (G + strength · trace(G)/D · I) w = b, in float64 by Cholesky. The
    weights returned are those of the features as they are, w / scale.

    Args:
      gram: float64 [D, D], Σ x xᵀ; right: float64 [D, T], Σ x tᵀ; scale: float64 [D].

    Returns:
      float64 [D, T]; 0 where there is nothing to fit.
    """
    scaled = gram / scale[:, None] / scale
    damping = strength * np.trace(scaled) / len(scaled)
    if damping <= 0:
        return np.zeros_like(right)
    scaled[np.diag_indices_from(scaled)] += damping
    factor = scipy.linalg.cho_factor(scaled, lower=True, overwrite_a=True)
    return scipy.linalg.cho_solve(factor, right / scale[:, None]) / scale[:, None]


def crosswise_errors(
    grams: np.ndarray, rights: np.ndarray, scale: Sequence[np.ndarray], strength: float
) -> np.ndarray:
    """Squared error of what is fitted on each half of train on the other half, but for a constant.

    With w fitted on one half and G, b of the other it is wᵀ G w - 2 wᵀ b: it follows from the sums.

    Args:
      grams: float64 [2, D, D]; rights: float64 [2, D, T]; scale: two of float64 [D].

    Returns:
      float64 [T].
    """
    error = np.zeros(rights.shape[-1])
    for h, other in ((0, 1), (1, 0)):
        weights = ridge(grams[h], rights[h], scale[h], strength)
        error += (weights * (grams[other] @ weights - 2 * rights[other])).sum(axis=0)
    return error
