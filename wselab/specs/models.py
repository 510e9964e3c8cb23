"""Language models by their shapes; how many parameters they have is computed from these.

Examples
--------
>>> print(f"{LLAMA3_8B.parameters:,}")
8,030,261,248
>>> [f"{n / 1e9:.2f}" for n in (GPT_OSS_120B.parameters, GPT_OSS_120B.active_parameters)]
['116.79', '5.13']
"""

from typing import Any

from .chip import Chip
from .fact import Fact


class LanguageModel(Chip):
    """A transformer that reads and writes tokens: its shape as facts, and what follows from it.

    Facts: ``layers``; ``width``, the numbers that stand for a token; ``heads`` of attention, each
    of ``head_width``, and ``kv_heads``, those whose keys and values are kept; ``ffn``, the width
    inside the feed-forward part, which has ``ffn_matrices`` (2, or 3 where one of them is a gate)
    in each of ``experts``, of which ``active_experts`` see a token; ``vocabulary``; ``positions``
    that are learned (0 where positions are computed); ``embeddings``, 1 where the table that reads
    tokens also writes them, else 2; ``vectors``, learned vectors of length ``width`` in a layer
    (norms and biases), and ``biases``, others of a layer in all.
    """

    __slots__ = ()

    @property
    def attention_parameters(self) -> int:
        """Of one layer: queries and output, keys and values."""
        queries, kept = self.heads * self.head_width, self.kv_heads * self.head_width
        return int(2 * self.width * queries + 2 * self.width * kept)

    @property
    def expert_parameters(self) -> int:
        """Of one feed-forward part, or of one expert."""
        return int(self.ffn_matrices * self.width * self.ffn)

    def _layer(self, experts: int) -> int:
        router = self.width * self.experts if self.experts > 1 else 0
        small = self.vectors * self.width + self.biases
        return self.attention_parameters + experts * self.expert_parameters + router + int(small)

    @property
    def parameters(self) -> int:
        """All that is learned."""
        tables = self.embeddings * self.vocabulary + self.positions
        final = self.vectors_at_end * self.width
        return int(self.layers * self._layer(self.experts) + tables * self.width + final)

    @property
    def active_parameters(self) -> int:
        """Those that a token meets: its experts', and no table where it is looked up."""
        tables = self.vocabulary * self.width
        final = self.vectors_at_end * self.width
        return int(self.layers * self._layer(self.active_experts) + tables + final)

    @property
    def kv_values_per_token(self) -> int:
        """Keys and values that stay for each token of the context, over all layers."""
        return int(2 * self.layers * self.kv_heads * self.head_width)


_CARDS = "model cards and papers, not looked up"


def _model(name: str, note: str = "", **shape: Any) -> LanguageModel:
    plain = {
        "kv_heads": shape["heads"], "head_width": shape["width"] // shape["heads"],
        "ffn_matrices": 3, "experts": 1, "active_experts": 1, "positions": 0, "embeddings": 2,
        "vectors": 2, "vectors_at_end": 1, "biases": 0,
    }  # fmt: skip
    return LanguageModel(
        name,
        {
            field: Fact(value, "1", _CARDS, "recalled", note)
            for field, value in {**plain, **shape}.items()
        },
    )


def _gpt(name: str, layers: int, width: int, heads: int) -> LanguageModel:
    """A model of the GPT-3 family: four times as wide inside, learned positions, biases."""
    return _model(
        name, layers=layers, width=width, heads=heads, ffn=4 * width, ffn_matrices=2,
        vocabulary=50_257, positions=2048, embeddings=1, vectors=9, vectors_at_end=2,
        biases=4 * width,
    )  # fmt: skip


LLAMA3_8B = _model(
    "Llama 3 8B", layers=32, width=4096, heads=32, kv_heads=8, ffn=14_336, vocabulary=128_256
)
LLAMA3_70B = _model(
    "Llama 3 70B", layers=80, width=8192, heads=64, kv_heads=8, ffn=28_672, vocabulary=128_256
)
LLAMA3_405B = _model(
    "Llama 3 405B", layers=126, width=16_384, heads=128, kv_heads=8, ffn=53_248,
    vocabulary=128_256,
)  # fmt: skip
LLAMA2_13B = _model("Llama 2 13B", layers=40, width=5120, heads=40, ffn=13_824, vocabulary=32_000)
GPT3_175B = _gpt("GPT-3 175B", layers=96, width=12_288, heads=96)
GPT3_XL = _gpt("GPT-3 XL", layers=24, width=2048, heads=16)
GPT_OSS_120B = _model(
    "gpt-oss-120B",
    "Its experts' and attention's biases are left out: less than 0.1 % of all.",
    layers=36, width=2880, heads=64, kv_heads=8, head_width=64, ffn=2880, experts=128,
    active_experts=4, vocabulary=201_088,
)  # fmt: skip

#: Every model, small to large.
MODELS = (GPT3_XL, LLAMA3_8B, LLAMA2_13B, LLAMA3_70B, GPT_OSS_120B, GPT3_175B, LLAMA3_405B)
