"""Pruning, on random matrices and on trained ones."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from wselab import kernels
from wselab.fabric import ProgramError

from .values import numbers


@pytest.fixture(scope="module")
def trained() -> list[np.ndarray]:
    """The two weight matrices of a small network that has learned scikit-learn's digits."""
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    images, digits = load_digits(return_X_y=True)
    network = MLPClassifier((64,), max_iter=40, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it could learn for longer
        network.fit(images / 16, digits)
    assert network.score(images / 16, digits) > 0.95
    return [weights.T.astype(np.float32).copy() for weights in network.coefs_]


def test_two_of_every_four_are_left() -> None:
    """The two largest, and never more where there are zeros already."""
    W = numbers((6, 20))
    pruned = kernels.prune_two_of_four(W)
    for four, left in zip(W.reshape(-1, 4), pruned.reshape(-1, 4), strict=True):
        assert np.count_nonzero(left) == 2 and (left[left != 0] == four[left != 0]).all()
        assert abs(four[left == 0]).max() <= abs(left[left != 0]).min()


def test_equal_weights_leave_the_first() -> None:
    """Ties are broken by place, so that results do not depend on a sort."""
    ones = np.ones((2, 4), np.float32)
    assert kernels.prune_two_of_four(ones).tolist() == [[1, 1, 0, 0]] * 2
    assert kernels.prune(ones, 0.375).tolist() == [[1, 1, 1, 0], [0, 0, 0, 0]]
    assert (kernels.prune(ones, 1) == ones).all() and not kernels.prune(ones, 0).any()


def test_the_matrix_stays_and_any_layout_is_fine() -> None:
    """The caller's array is only read, also a transposed one."""
    W = numbers((8, 12)).T
    before = W.copy()
    for pruned in (kernels.prune(W, 0.5), kernels.prune_two_of_four(W)):
        assert np.count_nonzero(pruned) == W.size / 2 and (before == W).all()


def test_unstructured_pruning_keeps_more_of_trained_weights(trained: list[np.ndarray]) -> None:
    """At the same number of weights, nothing keeps more of the squares than the largest do."""
    for W in trained:
        half = kernels.energy_kept(W, kernels.prune(W, 0.5))
        pattern = kernels.energy_kept(W, kernels.prune_two_of_four(W))
        assert 0.5 < pattern < half < 1


def test_trained_networks_leave_zeros_and_skip_them(trained: list[np.ndarray]) -> None:
    """A trained layer, pruned: fewer non-zeros take fewer cycles, and all the same product."""
    from sklearn.datasets import load_digits

    W, x = trained[0], (load_digits().data[0] / 16).astype(np.float32)
    assert np.count_nonzero(x) < x.size / 2 + 4  # paper is white
    cycles = []
    for density in (1.0, 0.5, 0.25):
        pruned = kernels.prune(W, density)
        y, run = kernels.sparse_gemv(pruned, x, (4, 4))
        assert (y == kernels.gemv(pruned, x, (4, 4))[0]).all()
        cycles.append(run.cycles)
    assert cycles[0] > cycles[1] > cycles[2]


def test_errors_say_what_to_try() -> None:
    """Columns that are no fours, shares that are none, and shapes that differ."""
    with pytest.raises(ProgramError, match="6 columns; expected a multiple of 4"):
        kernels.prune_two_of_four(numbers((4, 6)))
    with pytest.raises(ProgramError, match=r"density=1\.5; expected a share"):
        kernels.prune(numbers((4, 4)), 1.5)
    with pytest.raises(ProgramError, match="expected the same"):
        kernels.energy_kept(numbers((4, 4)), numbers((4, 3)))
    assert kernels.energy_kept(np.zeros((2, 2)), np.zeros((2, 2))) == 1
