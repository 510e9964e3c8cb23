"""The two models that the course trains: a classifier of digits, and a small transformer."""

from __future__ import annotations

from .attention import CausalSelfAttention
from .modules import Embedding, Linear, Module, ReLU, Sequential
from .plan import Value
from .rowwise import GELU, LayerNorm, PositionEmbedding


def digits_mlp(hidden: int = 32) -> Module:
    """64 pixels to 10 digits, by one hidden layer."""
    return Sequential(hidden=Linear(64, hidden), active=ReLU(), out=Linear(hidden, 10))


class Block(Module):
    """A block of a transformer: attention, then two linear layers, each beside a residual."""

    def __init__(self, width: int, heads: int, context: int, inner: int):
        self.norm1, self.norm2 = LayerNorm(width), LayerNorm(width)
        self.attention = CausalSelfAttention(width, heads, context)
        self.up, self.active, self.down = Linear(width, inner), GELU(), Linear(inner, width)

    def forward(self, x: Value) -> Value:
        x = x + self.attention(self.norm1(x))
        return x + self.down(self.active(self.up(self.norm2(x))))


def transformer(
    vocabulary: int, *, width: int = 16, heads: int = 4, context: int = 16, blocks: int = 1
) -> Module:
    """A transformer that guesses the next of ``vocabulary`` characters."""
    return Sequential(
        embedding=Embedding(vocabulary, width),
        positions=PositionEmbedding(context, width),
        blocks=Sequential(*(Block(width, heads, context, 4 * width) for _ in range(blocks))),
        norm=LayerNorm(width),
        head=Linear(width, vocabulary),
    )
