"""Operations of training a language model whose linear layers are sparse."""

from __future__ import annotations

from ..specs.models import LanguageModel
from .imbalance import check_share
from .inputs import whole


def training_flop(
    model: LanguageModel, *, context: int, density: float = 1.0, attended: float = 1.0
) -> float:
    """Operations to train ``model`` on one token.

    In a layer a token meets the weights of the attention and of the feed-forward part (of its
    active experts), each a multiplication and an addition; these are sparse. What stays dense:
    scores, and the sums that they weight, 2 operations each for every head's number of every token
    attended to; and the output layer, 2 a weight. The backward pass costs twice the forward one.

    Parameters
    ----------
    model : LanguageModel
        One of `wselab.specs.models`.
    context : int
        Tokens of a sequence.
    density : float
        The share of the weights of linear layers that are not zero.
    attended : float
        The share of the context that a token attends to: 1, or about 1/2 under a causal mask.

    Raises
    ------
    ValueError
        The context is not a whole number of at least 1, or a share is none.

    Examples
    --------
    >>> from wselab.specs.models import GPT3_XL
    >>> dense = training_flop(GPT3_XL, context=2048)
    >>> round(dense / training_flop(GPT3_XL, context=2048, density=0.25), 2)
    2.49
    """
    (context,) = whole(context=context)
    check_share("density", density)
    check_share("attended", attended)
    ffn = model.active_experts * model.expert_parameters
    linear = 2 * model.layers * (model.attention_parameters + ffn)
    scores = 2 * 2 * model.layers * model.heads * model.head_width * attended * context
    words = 2 * model.width * model.vocabulary
    return float(3 * (density * linear + scores + words))


def active_share(model: LanguageModel) -> float:
    """The share of its parameters that a token meets: below 1 where there are experts.

    A mixture of experts is sparse by blocks: which ones a token meets is chosen as it comes.

    Examples
    --------
    >>> from wselab.specs.models import GPT_OSS_120B
    >>> round(active_share(GPT_OSS_120B), 4)
    0.0439
    """
    return model.active_parameters / model.parameters
