"""The products of a sparse linear layer: weights that are not there are not sent or multiplied.

Every feature has as many weights as every other, to outputs of its own choice. Which these are is
known when the program is written, so a weight comes without an index, and each column adds to the
sums of other outputs. The sums have the order of the dense products, in which a weight of zero adds
nothing: the values are those of a dense layer with zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .blocks import Block
from .links import ByColumn
from .products import Product


class SparseProduct(Product):
    """As `Product`; ``kept`` holds the outputs of each feature's weights, (columns, rows, k)."""

    def __init__(self, *of_product: Any, kept: np.ndarray):
        self.kept = kept
        super().__init__(*of_product)

    def _prepare(self) -> None:
        self.row_length = self.kept.shape[2]
        super()._prepare()
        self.of_tokens = self.device.scratch("products of tokens", self.weights * self.tokens)

    def _multiply(self, x: Block) -> None:
        pes, T = self.device.pes, self.tokens
        pes.mov(0.0, out=self.sums[: self.outputs * T])
        for f in self._rows_taken(self.bias):
            for j in range(self.row_length):
                out = self._of_output(self.sums, f, j)
                pes.mac(x[f * T : (f + 1) * T], self._row(f, j), out=out)

    def _multiply_back(self, dx: Block, add: bool) -> None:
        pes, T = self.device.pes, self.tokens
        for f in self._rows_taken():
            out = dx[f * T : (f + 1) * T]
            for j in range(self.row_length):
                operation = pes.mac if j or add else pes.mul
                operation(self._of_output(self.gathered, f, j), self._row(f, j), out=out)

    def _multiply_outer(self, x: Block) -> None:
        """All products of a token with a token, then their sums over the tokens."""
        pes, T = self.device.pes, self.tokens
        for f in range(self.rows):
            for j in range(self.row_length):
                first = (f * self.row_length + j) * T
                out = self.of_tokens[first : first + T]
                pes.mul(self._of_output(self.gathered, f, j), x[f * T : (f + 1) * T], out=out)
        total, end = self.partial[: self.weights], self.weights * T
        pes.mov(self.of_tokens[0:end:T], out=total)
        for t in range(1, T):
            pes.add(self.of_tokens[t:end:T], total, out=total)

    def _of_output(self, block: Block, f: int, j: int) -> ByColumn:
        """The values of all tokens for the output of a feature's weight, in each column's place."""
        return self.device.links.by_column(block, self.kept[:, f, j] * self.tokens, self.tokens)

    def _keep(self, dW: np.ndarray) -> None:
        super()._keep(
            np.take_along_axis(dW, np.broadcast_to(self.kept, (len(dW), *self.kept.shape)), 3)
        )

    def _W(self) -> np.ndarray:
        values = self.parameters.view(-1)[0, :, : self.weights].reshape(self.kept.shape)
        full = np.zeros((*self.kept.shape[:2], self.outputs), values.dtype)
        np.put_along_axis(full, self.kept, values, 2)
        return self._as_factor(full)
