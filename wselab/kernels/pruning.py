"""Pruning: which weights to drop so that a matrix becomes sparse.

The plain way drops the weights of least magnitude, wherever they stand. A GPU that skips two of
every four neighbours in a row needs zeros in that pattern: the two of least magnitude in each four
are dropped, be they large or not. What is kept is measured by the sum of squares.
"""

from __future__ import annotations

import numpy as np

from ..fabric import ProgramError
from .inputs import checked


def prune(W: np.ndarray, density: float) -> np.ndarray:
    """``W`` with only the largest share of its weights by magnitude, unstructured.

    Keeps ``round(density * W.size)`` weights, of equal ones those that come first.

    Examples
    --------
    >>> prune(np.array([[4, 3, 0.5, 1], [2, -9, 0.1, 1]], np.float32), 0.5).tolist()
    [[4.0, 3.0, 0.0, 0.0], [2.0, -9.0, 0.0, 0.0]]
    """
    W = checked("prune", "W", W, ("M", "N"))
    if not isinstance(density, (int, float)) or not 0 <= density <= 1:
        raise ProgramError(f"prune: density={density!r}; expected a share, from 0 to 1")
    dropped = np.argsort(-np.abs(W), axis=None, kind="stable")[round(density * W.size) :]
    pruned = W.copy()
    pruned.reshape(-1)[dropped] = 0
    return pruned


def prune_two_of_four(W: np.ndarray) -> np.ndarray:
    """``W`` with the two largest by magnitude of every four neighbours in a row: 2:4 sparsity.

    The columns must be a multiple of 4. Of equal weights those that come first are kept.

    Examples
    --------
    >>> prune_two_of_four(np.array([[4, 3, 2, 1, 0.1, 0.2, 0.3, 0.4]], np.float32)).tolist()
    [[4.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.30000001192092896, 0.4000000059604645]]
    """
    W = checked("prune_two_of_four", "W", W, ("M", "N"))
    if W.shape[1] % 4:
        raise ProgramError(
            f"prune_two_of_four: W has {W.shape[1]} columns; expected a multiple of 4. Try columns "
            "of zeros behind them, which are dropped first"
        )
    pruned = W.copy()
    fours = pruned.reshape(-1, 4)
    order = np.argsort(-np.abs(fours), axis=1, kind="stable")
    np.put_along_axis(fours, order[:, 2:], 0, axis=1)
    return pruned


def energy_kept(W: np.ndarray, pruned: np.ndarray) -> float:
    """The share of the sum of squares of ``W`` that ``pruned`` still has.

    Examples
    --------
    >>> energy_kept(np.array([[3, 4]], np.float32), np.array([[0, 4]], np.float32))
    0.64
    """
    if np.shape(W) != np.shape(pruned):
        raise ProgramError(
            f"energy_kept: W has shape {np.shape(W)}, pruned {np.shape(pruned)}; expected the same"
        )
    whole = float(np.square(W, dtype=np.float64).sum())
    return float(np.square(pruned, dtype=np.float64).sum()) / whole if whole else 1.0
