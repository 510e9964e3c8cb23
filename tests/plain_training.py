"""The same models in plain NumPy, in double precision, by the textbook: the oracle of training.

Nothing here comes from the package. A model is a function of its parameters and a batch that gives
the loss and the gradients by name.
"""

from __future__ import annotations

import numpy as np

Arrays = dict[str, np.ndarray]


def linear(p: Arrays, name: str, x):
    y = x @ p[f"{name}.weight"].T
    bias = f"{name}.bias" in p
    y = y + p[f"{name}.bias"] if bias else y

    def back(dy, g):
        g[f"{name}.weight"] = dy.T @ x
        if bias:
            g[f"{name}.bias"] = dy.sum(0)
        return dy @ p[f"{name}.weight"]

    return y, back


def relu(x):
    return np.maximum(x, 0), lambda dy, g: dy * (x > 0)


def gelu(x):
    k = np.sqrt(2 / np.pi)
    tanh = np.tanh(k * (x + 0.044715 * x**3))
    slope = 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh**2) * k * (1 + 3 * 0.044715 * x**2)
    return 0.5 * x * (1 + tanh), lambda dy, g: dy * slope


def norm(p: Arrays, name: str, x):
    mean, variance = x.mean(1, keepdims=True), x.var(1, keepdims=True)
    deviation = np.sqrt(variance + 1e-5)
    normal = (x - mean) / deviation

    def back(dy, g):
        g[f"{name}.weight"], g[f"{name}.bias"] = (dy * normal).sum(0), dy.sum(0)
        scaled = dy * p[f"{name}.weight"]
        along = (scaled * normal).mean(1, keepdims=True)
        return (scaled - scaled.mean(1, keepdims=True) - normal * along) / deviation

    return normal * p[f"{name}.weight"] + p[f"{name}.bias"], back


def attention(q, k, v, heads: int, context: int):
    def split(x):
        return x.reshape(-1, context, heads, x.shape[1] // heads).transpose(0, 2, 1, 3)

    def join(x):
        return x.transpose(0, 2, 1, 3).reshape(shape)

    shape = q.shape
    q, k, v = split(q), split(k), split(v)
    scale = q.shape[-1] ** -0.5
    scores = q @ k.swapaxes(2, 3) * scale
    scores[..., np.triu(np.ones((context, context), bool), 1)] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)

    def back(dy, g):
        dy = split(dy)
        dweights = dy @ v.swapaxes(2, 3)
        dscores = weights * (dweights - (dweights * weights).sum(-1, keepdims=True)) * scale
        return (
            join(dscores @ k),
            join(dscores.swapaxes(2, 3) @ q),
            join(weights.swapaxes(2, 3) @ dy),
        )

    return join(weights @ v), back


def cross_entropy(logits, labels):
    shifted = logits - logits.max(1, keepdims=True)
    softmax = np.exp(shifted) / np.exp(shifted).sum(1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.log(softmax[rows, labels]).mean()
    gradient = softmax.copy()
    gradient[rows, labels] -= 1
    return loss, gradient / len(labels)


def mlp(p: Arrays, x, labels):
    """The digits classifier: two linear layers, a ReLU between."""
    g: Arrays = {}
    hidden, back_hidden = linear(p, "hidden", x)
    active, back_active = relu(hidden)
    logits, back_out = linear(p, "out", active)
    loss, d = cross_entropy(logits, labels)
    back_hidden(back_active(back_out(d, g), g), g)
    return loss, g


def transformer(p: Arrays, x, labels, heads: int, context: int, blocks: int):
    """A transformer as the course trains it, by the names of its parameters."""
    g: Arrays = {}
    backs = []
    x, back_embedding = linear(p, "embedding", x)
    x = x + np.tile(p["positions.weight"], (len(x) // context, 1))
    for number in range(blocks):
        name = f"blocks.{number}"
        y, back_norm1 = norm(p, f"{name}.norm1", x)
        parts = [linear(p, f"{name}.attention.{one}", y) for one in ("query", "key", "value")]
        y, back_heads = attention(*(part[0] for part in parts), heads, context)
        y, back_out = linear(p, f"{name}.attention.out", y)
        x = x + y
        y, back_norm2 = norm(p, f"{name}.norm2", x)
        y, back_up = linear(p, f"{name}.up", y)
        y, back_active = gelu(y)
        y, back_down = linear(p, f"{name}.down", y)
        x = x + y
        backs.append((back_norm1, parts, back_heads, back_out, back_norm2, back_up, back_active,
                      back_down))  # fmt: skip
    x, back_norm = norm(p, "norm", x)
    logits, back_head = linear(p, "head", x)
    loss, d = cross_entropy(logits, labels)
    d = back_norm(back_head(d, g), g)
    for (
        back_norm1,
        parts,
        back_heads,
        back_out,
        back_norm2,
        back_up,
        back_active,
        back_down,
    ) in reversed(backs):
        d = d + back_norm2(back_up(back_active(back_down(d, g), g), g), g)
        of_heads = back_heads(back_out(d, g), g)
        inner = sum(back(one, g) for (_, back), one in zip(parts, of_heads, strict=True))
        d = d + back_norm1(inner, g)
    g["positions.weight"] = d.reshape(-1, context, d.shape[1]).sum(0)
    back_embedding(d, g)
    return loss, g


class SGD:
    """Momentum, and weight decay added to the gradient, as PyTorch's."""

    def __init__(self, lr, momentum=0.0, weight_decay=0.0):
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.v: Arrays = {}

    def update(self, p: Arrays, g: Arrays):
        for name in p:
            gradient = g[name] + self.weight_decay * p[name]
            self.v[name] = self.momentum * self.v.get(name, 0) + gradient
            p[name] = p[name] - self.lr * self.v[name]


class AdamW:
    """As in the paper of Loshchilov and Hutter, and in PyTorch."""

    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.m: Arrays = {}
        self.v: Arrays = {}
        self.step = 0

    def update(self, p: Arrays, g: Arrays):
        self.step += 1
        first, second = self.betas
        for name in p:
            self.m[name] = first * self.m.get(name, 0) + (1 - first) * g[name]
            self.v[name] = second * self.v.get(name, 0) + (1 - second) * g[name] ** 2
            m = self.m[name] / (1 - first**self.step)
            v = self.v[name] / (1 - second**self.step)
            p[name] = p[name] * (1 - self.lr * self.weight_decay)
            p[name] = p[name] - self.lr * m / (np.sqrt(v) + self.eps)
