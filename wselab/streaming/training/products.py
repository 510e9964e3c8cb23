"""The three products of a linear layer, as programs of the wafer.

Of x (tokens x features) and W (features x outputs) a PE has its block of x, and column c of the
wafer uses the rows of W that belong to its features. They come down the column one after the other,
each is used for all tokens of a PE while the next is on its way, and is forgotten.

It goes feature by feature: the sums of all outputs stay in a PE until all its features have passed,
and are added up along the row once. That takes fewer cycles than output by output, as
`wselab.streaming.streamed_product` goes, where the row adds up after every output and weights wait
meanwhile. But it takes memory for all sums, which small models have and large ones do not;
`wselab.streaming.feature_order` compares the two, and predicts the launches of this module.

A PE's block is kept feature after feature, ``x[f * tokens + t]``, and a row of W is as long as all
outputs, filled up with zeros to a multiple of the columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..lanes import share
from .blocks import Block, Piece
from .device import Device


class Product:
    """A linear layer's products on a device: ``features`` to ``outputs`` for ``tokens`` a PE.

    ``parameters`` and ``gradients`` are the home's, a column's rows of W and then, with ``bias``,
    the part of b that belongs to the column's outputs.
    """

    def __init__(
        self, device: Device, tokens: int, features: int, outputs: int, bias: bool,
        parameters: Piece, gradients: Piece,
    ):  # fmt: skip
        self.device, self.tokens, self.bias = device, tokens, bias
        self.parameters, self.gradients = parameters, gradients
        C = device.shape[1]
        self.rows, self.own_outputs = share(features, C), share(outputs, C)
        self.outputs = self.own_outputs * C
        self.row_length = self.outputs  # weights that a feature has
        self._prepare()

    def _prepare(self) -> None:
        """Sizes that follow, and memory for a while."""
        device, tokens = self.device, self.tokens
        self.weights = self.rows * self.row_length
        self.size = self.weights + (self.own_outputs if self.bias else 0)
        self.sums = device.scratch("sums", self.outputs * tokens)
        self.rounded = device.factor != device.number
        self.passing = device.scratch("rows of W", 2 * self.row_length, device.factor)
        self.gathered = self.sums
        if self.rounded:
            self.gathered = device.scratch("dy, rounded", self.outputs * tokens, device.factor)
            self.x_rounded = device.scratch("x, rounded", self.rows * tokens, device.factor)
        self.bias_row = device.scratch("bias", self.own_outputs)
        self.partial = device.scratch("partial gradients", self.size)

    def forward(self, x: Block, y: Block) -> None:
        """``y = x @ W + b``.

        In float32, with W of shape (columns, rows, outputs), x of (PE rows, columns, rows, tokens)
        and all the sums of a PE of (PE rows, columns, outputs, tokens)::

            sums = W[:, 0, :, None] * x[:, :, 0, None]
            for f in range(1, rows):
                sums = sums + W[:, f, :, None] * x[:, :, f, None]
            # then block k of the outputs over the row, as `Links.reduce_scatter`, then b
        """
        device, pes, T, N = self.device, self.device.pes, self.tokens, self.outputs
        links, n = device.links, self.outputs * self.tokens
        links.send_down(self.parameters)
        x = self._factor(x)
        if device.running:
            self._multiply(x)
        else:
            W, values = self._W(), self._as(x[:], self.rows)
            sums = self._as(self.sums[:n], N)
            np.multiply(W[:, 0, :, None], values[:, :, 0, None], out=sums)
            for f in range(1, self.rows):
                sums += W[:, f, :, None] * values[:, :, f, None]
            if self.bias:
                self._take_bias()
        links.reduce_scatter(self.sums, n)
        for o in range(self.own_outputs):
            own = links.own(self.sums, n, o * T, (o + 1) * T)
            if self.bias:
                pes.add(own, self.bias_row[o], out=y[o * T : (o + 1) * T])
            else:
                pes.mov(own, out=y[o * T : (o + 1) * T])

    def _multiply(self, x: Block) -> None:
        """The program of the sums in a PE."""
        pes, T = self.device.pes, self.tokens
        for f in self._rows_taken(self.bias):
            row = self._row(f)
            for t in range(T):
                of_token = self.sums[t : self.outputs * T : T]
                if f:
                    pes.mac(row, x[f * T + t], out=of_token)
                else:
                    pes.mul(row, x[f * T + t], out=of_token)

    def all_gather(self, dy: Block) -> None:
        """The gradient of all outputs, for every PE of a row, where `forward` had its sums."""
        n = self.outputs * self.tokens
        block = self.own_outputs * self.tokens
        self.device.pes.mov(dy, out=self.device.links.own(self.gathered, n, 0, block))
        self.device.links.all_gather(self.gathered, n)

    def backward(self, dx: Block, add: bool) -> None:
        """``dx = dy @ W.T``, or added to what ``dx`` holds; after `all_gather`.

        With dy of (PE rows, outputs, tokens), for each output o in turn, from zero or from ``dx``::

            dx = dx + dy[:, None, None, o] * W[:, :, o, None]
        """
        device, T, N = self.device, self.tokens, self.outputs
        weights = self.parameters.block[self.parameters.span[0] : self._end_of_weights]
        device.links.send_down(weights)
        if device.running:
            self._multiply_back(dx, add)
            return
        W, dy = self._W(), self._as(self.gathered[: N * T], N)[:, :, None]
        total = self._as(dx[:], self.rows)
        if not add:
            np.multiply(dy[..., 0, :], W[:, :, 0, None], out=total)
        for o in range(0 if add else 1, N):
            total += dy[..., o, :] * W[:, :, o, None]

    def _multiply_back(self, dx: Block, add: bool) -> None:
        """The program of the gradient of x in a PE."""
        pes, T, N = self.device.pes, self.tokens, self.outputs
        for f in self._rows_taken():
            out = dx[f * T : (f + 1) * T]
            for o in range(N):
                weight, of_output = self._row(f, o), self.gathered[o * T : (o + 1) * T]
                if o or add:
                    pes.mac(of_output, weight, out=out)
                else:
                    pes.mul(of_output, weight, out=out)

    def weight_gradient(self, x: Block, dy: Block) -> None:
        """The gradients of W and b, summed over all tokens; after `all_gather`.

        In a PE for each of its tokens t in turn, from the first product::

            dW = dW + dy[:, None, None, :, t] * x[:, :, :, None, t]

        and so for b, without the product; then up the columns, as `Links.sum_up`.
        """
        device, pes, T, N = self.device, self.device.pes, self.tokens, self.outputs
        x = self._factor(x)
        if device.running:
            self._multiply_outer(x)
        else:
            values, dy_all = self._as(x[:], self.rows), self._as(self.gathered[: N * T], N)
            dW = dy_all[:, :, None, :, 0] * values[..., None, 0]
            for t in range(1, T):
                dW += dy_all[:, :, None, :, t] * values[..., None, t]
            self._keep(dW)
        if self.bias:
            end = self.own_outputs * T
            pes.mov(dy[0:end:T], out=self.partial[self.weights : self.size])
            for t in range(1, T):
                total = self.partial[self.weights : self.size]
                pes.add(dy[t:end:T], total, out=total)
        device.links.sum_up(self.partial[: self.size], self.gradients)

    def _multiply_outer(self, x: Block) -> None:
        """The program of the gradient of W in a PE."""
        pes, T, N = self.device.pes, self.tokens, self.outputs
        for f in range(self.rows):
            for t in range(T):
                row, of_token = self.partial[f * N : (f + 1) * N], self.gathered[t : N * T : T]
                if t:
                    pes.mac(of_token, x[f * T + t], out=row)
                else:
                    pes.mul(of_token, x[f * T + t], out=row)

    def _keep(self, dW: np.ndarray) -> None:
        """Keep a PE's part of the gradient, (PE rows, columns, rows, outputs)."""
        self.partial[: self.weights].view(self.device.top)[...] = dW.reshape(*dW.shape[:2], -1)

    @property
    def _end_of_weights(self) -> int:
        return self.parameters.span[0] + self.weights

    def _rows_taken(self, bias: bool = False) -> Iterator[int]:
        """The rows of W one by one, each there when the one after it is on its way."""
        self._take_row(0)
        for f in range(self.rows):
            if f + 1 < self.rows:
                self._take_row(f + 1)
            elif bias:
                self._take_bias()
            yield f

    def _row(self, f: int, weight: int | None = None) -> Piece:
        """The row of W that is there, or one weight of it."""
        first = f % 2 * self.row_length
        if weight is not None:
            return self.passing[first + weight]
        return self.passing[first : first + self.row_length]

    def _take_row(self, f: int) -> None:
        first = self.parameters.span[0] + f * self.row_length
        row = self.parameters.block[first : first + self.row_length]
        self.device.links.take_down(self._row(f), row)

    def _take_bias(self) -> None:
        first, last, _ = self.parameters.span
        bias = self.parameters.block[first + self.weights : last]
        self.device.links.take_down(self.bias_row[: self.own_outputs], bias)

    def _factor(self, x: Block) -> Block:
        """The input as a factor of a product: rounded, if factors are."""
        if not self.rounded:
            return x
        n = self.rows * self.tokens
        self.device.pes.mov(x[:n], out=self.x_rounded[:n])
        return self.x_rounded

    def _W(self) -> np.ndarray:
        """The weights, in the home row, as they are multiplied: (columns, rows, outputs)."""
        values = self.parameters.view(-1)[0, :, : self.weights]
        return self._as_factor(values.reshape(-1, self.rows, self.outputs))

    def _as_factor(self, values: np.ndarray) -> np.ndarray:
        return values.astype(self.device.factor).astype(self.device.number)

    def _as(self, piece: Piece, features: int) -> Any:
        """A PE's values as (PE rows, columns, features, tokens)."""
        view = piece.view(self.device.top)
        view = view[..., : features * self.tokens]
        view = view.reshape(*view.shape[:2], features, self.tokens)
        return view if view.dtype == self.device.number else view.astype(self.device.number)
