"""The loss: softmax and cross-entropy over classes that are spread over a row of PEs."""

from __future__ import annotations

import numpy as np

from .functions import exp, reciprocal
from .plan import Node, Value


class CrossEntropyLoss:
    """The mean over a batch of -log of the softmax at the label.

    The wafer computes the softmax, its sums and the gradient. The logarithm, which no gradient
    needs, is taken by the host of the sums that the wafer made.
    """

    def trace(self, logits: Value) -> CrossEntropy:
        """The loss of these logits, as the last node."""
        return CrossEntropy(logits)


class CrossEntropy(Node):
    """The loss in its place."""

    name = "loss"

    def __init__(self, logits: Value):
        self.logits, self.plan, self.device = logits, logits.plan, logits.plan.device
        device, T = self.device, self.plan.tokens
        self.labels = device.block("labels, one-hot", logits.size)
        self.valid = device.block("classes that there are", logits.size)
        self.shift = device.block("others, far below", logits.size)
        self.shifted = device.block("logits less the largest", logits.size)
        self.share = device.block("share of a token", T)
        self.sums = device.block("sums of exponentials", T)
        self.power = device.scratch("activation", logits.size)[: logits.size]
        assert logits.gradient is not None
        self.used_up = logits.gradient[:]  # free as long as there is no gradient
        self.row = device.scratch("of tokens", 3 * T)
        device.scratch("of the row", T * device.shape[1])

    def constants(self) -> None:
        """What the host writes once."""
        plan, batch = self.plan, self.plan.batch
        there = np.ones((plan.device.shape[0] * plan.tokens, self.logits.features))
        plan.load(self.valid, there)
        self.shift.values[...] = (self.valid.values - 1) * 1e30
        share = np.zeros((plan.device.shape[0] * plan.tokens, 1))
        share[:batch] = 1 / batch
        self.share.values[self.device.top :] = share.reshape(-1, 1, plan.tokens)

    def load(self, labels: np.ndarray) -> None:
        """The host writes the labels."""
        onehot = np.zeros((len(labels), self.logits.features))
        onehot[np.arange(len(labels)), labels] = 1
        self.plan.load(self.labels, onehot)

    def forward(self) -> None:
        pes, links, T = self.device.pes, self.device.links, self.plan.tokens
        of, z, width = self.shifted, self.logits, self.logits.width
        own, total = self.row[:T], self.row[T : 2 * T]
        with self.device.launch(self.name, "forward", "largest logit"):
            pes.mac(z.block, self.valid, acc=self.shift, out=of)
            pes.mov(of[:T], out=own)
            for c in range(1, width):
                pes.max(of[c * T : (c + 1) * T], own, out=own)
            links.fold_row("max", own, total)
        with self.device.launch(self.name, "forward", "exponential"):
            for c in range(width):
                one = of[c * T : (c + 1) * T]
                pes.mac(total, -1.0, acc=one, out=one)
            pes.mov(of, out=self.used_up)
            exp(pes, self.used_up, out=self.power)
            pes.mul(self.power, self.valid, out=self.power)
        with self.device.launch(self.name, "forward", "sum"):
            pes.mov(self.power.block[:T], out=own)
            for c in range(1, width):
                pes.add(self.power.block[c * T : (c + 1) * T], own, out=own)
            links.fold_row("add", own, self.sums[:])

    def backward(self) -> None:
        pes, T = self.device.pes, self.plan.tokens
        reciprocals, scratch, used_up = (self.row[k * T : (k + 1) * T] for k in range(3))
        gradient, _ = self.logits.take_gradient()
        with self.device.launch(self.name, "backward", "softmax less labels"):
            pes.mov(self.sums, out=used_up)
            reciprocal(
                pes, used_up, out=reciprocals, scratch=scratch, low=1.0,
                high=float(self.logits.features),
            )  # fmt: skip
            for c in range(self.logits.width):
                one = gradient[c * T : (c + 1) * T]
                pes.mul(self.power.block[c * T : (c + 1) * T], reciprocals, out=one)
                pes.mac(self.labels[c * T : (c + 1) * T], -1.0, acc=one, out=one)
                pes.mul(one, self.share, out=one)

    def value(self, labels: np.ndarray) -> float:
        """The loss, in double precision, of what the wafer has computed."""
        sums = self.plan.collect(
            np.repeat(self.sums.values[self.device.top :, :1], self.device.shape[1], 1), 1
        )
        shifted = self.plan.read(self.shifted, self.logits.features)
        picked = shifted[np.arange(len(labels)), labels].astype(np.float64)
        return float(np.mean(np.log(sums[: len(labels), 0].astype(np.float64)) - picked))
