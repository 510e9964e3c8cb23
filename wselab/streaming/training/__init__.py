"""Training on the wafer, in the shape of the vendor's PyTorch front end.

    backend  = Backend(8, 8, artifact_dir="artifacts")       where: 8 x 8 PEs and their parameters
    compiled = compile(model, backend, ..., optimizer=SGD(lr=0.5))
    executor = DataExecutor(compiled, data, steps=100, run_steps=10)
    for step in executor:                                    step.loss, step.bill

Every product, sum and activation of a step, forward, backward and update, is a program of the
wafer and a launch of its own. Nothing passes through the host in between: activations stay in the
PEs, laid out so that each program finds its operands where the one before has left them. What the
host does is told in three lines: it writes a batch into the PEs, at no cost in cycles; it takes the
logarithm of the loss from sums that the wafer made; and with ``weights="streamed"`` it keeps the
parameters, sends them over the edge, takes the gradients back and does the update.

In the order in which to read: `blocks` (memory, and operations that run or replay), `links` (what
PEs send each other), `device` (the wafer and its launches), `products` (a linear layer),
`functions` (exp and the like, from sums and products), `modules`, `attention` and `loss` (layers),
`plan` (a model laid out), `optimizers`, `compiled` (a step), `bill`, `artifacts`, `data`,
`checkpoint`, `executor`.
"""

from .attention import CausalSelfAttention
from .bill import Bill, Launch
from .checkpoint import CheckpointError
from .compiled import Backend, Compiled, Step, compile
from .data import Batches, Windows, digits, wafer_text
from .executor import DataExecutor
from .longer import continued, record
from .loss import CrossEntropyLoss
from .models import digits_mlp, transformer
from .modules import Embedding, Linear, Module, ReLU, Sequential
from .optimizers import SGD, AdamW
from .rowwise import GELU, LayerNorm, PositionEmbedding

__all__ = [
    "GELU",
    "SGD",
    "AdamW",
    "Backend",
    "Batches",
    "Bill",
    "CausalSelfAttention",
    "CheckpointError",
    "Compiled",
    "CrossEntropyLoss",
    "DataExecutor",
    "Embedding",
    "Launch",
    "LayerNorm",
    "Linear",
    "Module",
    "PositionEmbedding",
    "ReLU",
    "Sequential",
    "Step",
    "Windows",
    "compile",
    "continued",
    "digits",
    "digits_mlp",
    "record",
    "transformer",
    "wafer_text",
]
