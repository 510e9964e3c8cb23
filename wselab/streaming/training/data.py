"""Batches: what a step learns from, drawn from a seed and the number of the step.

Nothing else decides what a step sees, so a run that goes on at step 21 sees what it would have
seen without the break.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Any, Protocol

import numpy as np

from ...fabric import ProgramError


class Data(Protocol):
    """Where batches come from."""

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """What step 1, 2, ... learns from: (batch, features), and a label for each row."""

    def about(self) -> dict[str, Any]:
        """What it is, for checkpoints."""


class Batches:
    """Rows of ``x`` with ``labels``, in an order drawn anew for every pass over them.

    What does not fill a batch at the end of a pass is left out of that pass.

    >>> data = Batches(np.eye(4, dtype=np.float32), np.arange(4), batch_size=2, seed=0)
    >>> sorted(np.concatenate([data.batch(1)[1], data.batch(2)[1]]).tolist())  # of one pass
    [0, 1, 2, 3]
    """

    def __init__(self, x: np.ndarray, labels: np.ndarray, batch_size: int, seed: int = 0):
        if len(x) != len(labels) or not 1 <= batch_size <= len(x):
            raise ProgramError(
                f"Batches: {len(x)} rows, {len(labels)} labels, batch_size={batch_size}; expected "
                "as many labels as rows, and a batch of at least 1 and at most all of them"
            )
        self.x, self.labels, self.batch_size, self.seed = x, labels, batch_size, seed

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """What step 1, 2, ... learns from."""
        in_a_pass = len(self.x) // self.batch_size
        number, place = divmod(step - 1, in_a_pass)
        order = np.random.default_rng([self.seed, number]).permutation(len(self.x))
        chosen = order[place * self.batch_size : (place + 1) * self.batch_size]
        return self.x[chosen], self.labels[chosen]

    def about(self) -> dict[str, Any]:
        """Sizes, the seed, and a digest."""
        return {
            "batch size": self.batch_size,
            "data seed": self.seed,
            "digest": _digest(self.x, self.labels),
        }


class Windows:
    """Pieces of a text, ``context`` characters each, to guess every next character of.

    ``batch`` gives ``sequences`` pieces, one character a row, one-hot; labels are the characters
    that follow. ``vocabulary`` holds the characters that the text has.

    >>> data = Windows("abcabcabc", sequences=2, context=3, seed=0)
    >>> x, labels = data.batch(1)
    >>> x.shape, data.vocabulary, labels.shape
    ((6, 3), 'abc', (6,))
    >>> bool(((x.argmax(1) + 1) % 3 == labels).all())
    True
    """

    def __init__(self, text: str, sequences: int, context: int, seed: int = 0):
        if context < 1 or sequences < 1 or len(text) <= context:
            raise ProgramError(
                f"Windows: a text of {len(text)} characters, sequences={sequences}, "
                f"context={context}; expected at least 1 of each, and a longer text"
            )
        self.text, self.sequences, self.context, self.seed = text, sequences, context, seed
        self.vocabulary = "".join(sorted(set(text)))
        self.numbers = np.array([self.vocabulary.index(one) for one in text])

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """What step 1, 2, ... learns from."""
        rng = np.random.default_rng([self.seed, step])
        starts = rng.integers(len(self.numbers) - self.context, size=self.sequences)
        places = (starts[:, None] + np.arange(self.context)).ravel()
        onehot = np.eye(len(self.vocabulary), dtype=np.float32)
        return onehot[self.numbers[places]], self.numbers[places + 1]

    def about(self) -> dict[str, Any]:
        """Sizes, the seed, and a digest."""
        return {
            "sequences x context": [self.sequences, self.context],
            "data seed": self.seed,
            "digest": _digest(self.numbers),
        }


def digits() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Handwritten digits: 1,437 images to learn from and 360 to test, 8 x 8 pixels from 0 to 1.

    Those of scikit-learn (E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits",
    UCI Machine Learning Repository, 1998), which comes with the course.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError(
            "digits() needs scikit-learn: pip install 'wselab[course]', or give arrays of your own"
        ) from None
    x, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, labels = (x / 16).astype(np.float32)[order], labels[order]
    test = len(x) // 5 + 1
    return (x[test:], labels[test:]), (x[:test], labels[:test])


def wafer_text() -> str:
    """A short text about a wafer and its cores, written for this course."""
    return files(__package__).joinpath("wafer.txt").read_text(encoding="utf-8")


def _digest(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
