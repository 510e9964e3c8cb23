"""Whole steps of training: run, replayed, streamed, and against plain NumPy in double precision."""

from __future__ import annotations

import numpy as np
import pytest

from tests import plain_training as plain
from wselab.fabric import EAST, NORTH, RAMP, SOUTH, WEST, MemoryBudgetError, ProgramError, RunError
from wselab.streaming.training.attention import CausalSelfAttention
from wselab.streaming.training.compiled import Backend, compile
from wselab.streaming.training.data import Batches, Windows, digits, wafer_text
from wselab.streaming.training.models import digits_mlp, transformer
from wselab.streaming.training.modules import Linear, Module, ReLU, Sequential
from wselab.streaming.training.optimizers import SGD, AdamW
from wselab.streaming.training.rowwise import LayerNorm, PositionEmbedding

from .long import long

#: Of a loss in float32 from the one in double precision, over the steps that are compared here.
TOLERANCE = 2e-5


@pytest.fixture(scope="module", autouse=True)
def artifacts(tmp_path_factory):
    """What was compiled once is not run again for its cost."""
    Place.folder = tmp_path_factory.mktemp("artifacts")


class Place(Backend):
    """A backend with the folder of these tests."""

    folder = None

    def __init__(self, rows, columns, **words):
        super().__init__(rows, columns, artifact_dir=Place.folder, **words)


def mlp(backend, optimizer=None, hidden=32):
    return compile(
        digits_mlp(hidden), backend, batch_size=32, in_features=64,
        optimizer=optimizer or SGD(lr=0.3, momentum=0.9),
    )  # fmt: skip


@pytest.fixture(scope="module")
def images():
    return Batches(*digits()[0], batch_size=32)


TEXT = Windows(wafer_text(), sequences=4, context=8)


def small_transformer(backend, optimizer=None, **sizes):
    vocabulary = len(TEXT.vocabulary)
    return compile(
        transformer(vocabulary, **{"width": 8, "context": 8, **sizes}), backend,
        batch_size=32, in_features=vocabulary, optimizer=optimizer or AdamW(lr=0.01),
    )  # fmt: skip


def same_parameters(one, other):
    pairs = zip(one.parameters().items(), other.parameters().items(), strict=True)
    return all(a == b and np.array_equal(x, y) for (a, x), (b, y) in pairs)


def test_a_replayed_step_is_the_run_one(images):
    """Bit for bit in the loss and every parameter, cycle for cycle in the bill."""
    run, replayed = mlp(Place(4, 4)), mlp(Place(4, 4))
    for number in (1, 2):
        a = run.step(*images.batch(number))
        b = replayed.step(*images.batch(number), replay=True)
        assert a.loss == b.loss
        assert same_parameters(run, replayed)
        assert [one.name for one in a.bill.launches] == [one.name for one in b.bill.launches]
        assert [one.cycles for one in a.bill.launches] == [one.cycles for one in b.bill.launches]
        assert a.bill.total() == b.bill.total()
        assert (a.bill.steps_run, a.bill.steps_replayed) == (1, 0)
        assert (b.bill.steps_run, b.bill.steps_replayed) == (0, 1)
        assert {one.engine for one in a.bill.launches} == {"bitplane"}
        assert all(one.replayed for one in b.bill.launches)


def test_streamed_training_is_resident_training(images):
    """The same bits, whichever way the weights come; and only one of them crosses the edge."""
    resident, streamed = mlp(Place(4, 4), hidden=8), mlp(Place(4, 4, weights="streamed"), hidden=8)
    for number in (1, 2):
        a, b = (one.step(*images.batch(number)) for one in (resident, streamed))
        assert a.loss == b.loss
    assert same_parameters(resident, streamed)
    columns = 4  # 10 outputs are padded to 12
    weights = columns * (16 * 8 + 2 * 12)
    biases = columns * (2 + 3)
    out, back = 2 * weights - columns * 16 * 8 + biases, weights + biases
    assert b.bill.total()["edge_wavelets"] == out + back
    assert a.bill.total()["edge_wavelets"] == 0
    assert {one.phase for one in b.bill.launches} == {"forward", "backward"}  # updated outside


def test_a_narrow_way_in_is_seen_as_stalls(images):
    """One wavelet a cycle for all columns: the same bits, and only layers that stream wait more."""
    wide, narrow = (
        mlp(Place(4, 4, weights="streamed", io_wavelets=links), hidden=8) for links in (44, 1)
    )
    a, b = (one.step(*images.batch(1)) for one in (wide, narrow))
    assert a.loss == b.loss and same_parameters(wide, narrow)
    for one, other in zip(a.bill.launches, b.bill.launches, strict=True):
        assert one.busy_cycles == other.busy_cycles
        more = other.stalled_cycles - one.stalled_cycles
        assert more >= 0 and (one.edge_wavelets or more == 0)
    assert b.bill.stalled_cycles > a.bill.stalled_cycles


@pytest.mark.parametrize(
    "name", ["plain sgd", "momentum and decay", "adamw", "adamw without decay"]
)
def test_an_mlp_learns_as_in_plain_numpy(images, name):
    """Twenty steps: the loss within the tolerance, the parameters within ten of it."""
    settings = {
        "plain sgd": (SGD, plain.SGD, {"lr": 0.3}),
        "momentum and decay": (SGD, plain.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
        "adamw": (AdamW, plain.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
        "adamw without decay": (AdamW, plain.AdamW, {"lr": 0.01, "weight_decay": 0.0}),
    }
    ours, theirs, words = settings[name]
    compiled, oracle = mlp(Place(4, 4), ours(**words)), theirs(**words)
    p = {name: one.astype(np.float64) for name, one in compiled.parameters().items()}
    losses = []
    for number in range(1, 21):
        x, labels = images.batch(number)
        loss, gradients = plain.mlp(p, x.astype(np.float64), labels)
        oracle.update(p, gradients)
        losses.append(compiled.step(x, labels, replay=True).loss)
        assert abs(losses[-1] - loss) < TOLERANCE
    assert losses[-1] < 0.9 * losses[0]
    for name, one in compiled.parameters().items():
        assert np.abs(one - p[name]).max() < 10 * TOLERANCE


def test_an_mlp_learns_in_bfloat16_too(images):
    """Beside float32: losses a little different, and hardly worse after twenty steps."""
    whole, rounded = mlp(Place(4, 4)), mlp(Place(4, 4, dtype="bfloat16"))
    losses = []
    for number in range(1, 21):
        batch = images.batch(number)
        losses.append([one.step(*batch, replay=True) for one in (whole, rounded)])
    differences = [abs(a.loss - b.loss) for a, b in losses]
    assert 1e-5 < max(differences) < 0.03
    assert losses[-1][1].bill.cycles < losses[-1][0].bill.cycles


@pytest.mark.parametrize("blocks", [1, *long(2)])
@pytest.mark.parametrize("optimizer", [SGD(lr=0.1, momentum=0.9), AdamW(lr=0.01)])
def test_a_transformer_learns_as_in_plain_numpy(optimizer, blocks):
    """By replays, whose bits are those of a run."""
    compiled = small_transformer(Place(4, 4, weights="streamed"), optimizer, blocks=blocks)
    settings = optimizer.settings()
    oracle = getattr(plain, settings.pop("optimizer"))(**settings)
    p = {name: one.astype(np.float64) for name, one in compiled.parameters().items()}
    for number in range(1, 21):
        x, labels = TEXT.batch(number)
        loss, gradients = plain.transformer(p, x.astype(float), labels, 4, 8, blocks)
        oracle.update(p, gradients)
        assert abs(compiled.step(x, labels, replay=True).loss - loss) < TOLERANCE
    assert loss < 3.0 < np.log(len(TEXT.vocabulary))


def test_a_run_transformer_is_the_replayed_one():
    """One whole step of every layer that there is, bit for bit."""
    run, replayed = (small_transformer(Place(2, 2), SGD(lr=0.1), width=4, heads=2) for _ in "ab")
    a, b = run.step(*TEXT.batch(1)), replayed.step(*TEXT.batch(1), replay=True)
    assert a.loss == b.loss and same_parameters(run, replayed)
    assert a.bill.total() == b.bill.total()


@pytest.mark.parametrize("make", [mlp, small_transformer])
def test_gradients_against_finite_differences(images, make):
    """In double precision, without a wafer: each parameter moved a little, both ways."""
    compiled = make(Place(1, 1, dtype="float64"), SGD(lr=1.0))
    x, labels = (images if make is mlp else TEXT).batch(1)
    start = compiled.parameters()

    def loss_at(name, place, move):
        p = {**start, name: start[name].copy()}
        p[name][place] += move
        for one in compiled.plan.parameters:
            one.put(compiled.plan.home.values[0], p[one.name])
        return compiled.step(x, labels, replay=True).loss

    compiled.step(x, labels, replay=True)
    gradients = {name: start[name] - one for name, one in compiled.parameters().items()}
    rng = np.random.default_rng(0)
    for name, gradient in gradients.items():
        largest = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        for place in [largest, *(tuple(rng.integers(gradient.shape)) for _ in range(2))]:
            slope = (loss_at(name, place, 1e-5) - loss_at(name, place, -1e-5)) / 2e-5
            assert slope == pytest.approx(gradient[place], rel=1e-4, abs=2e-8), (name, place)


def test_gradients_against_pytorch(images):
    """The classifier, its loss and AdamW in PyTorch, where that is installed."""
    torch = pytest.importorskip("torch")
    compiled = mlp(Place(4, 4), AdamW(lr=0.01, weight_decay=0.1))
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    for theirs, ours in zip(model.parameters(), compiled.parameters().values(), strict=True):
        theirs.data = torch.tensor(ours)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    for number in range(1, 11):
        x, labels = images.batch(number)
        loss = torch.nn.functional.cross_entropy(model(torch.tensor(x)), torch.tensor(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ours = compiled.step(x, labels, replay=True).loss
        assert ours == pytest.approx(loss.item(), abs=TOLERANCE)


def test_a_transformer_against_pytorch():
    """Every layer of it and AdamW, in double precision, where PyTorch is installed."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    compiled = small_transformer(Place(4, 4, dtype="float64"))
    p = {
        name: torch.tensor(one, dtype=torch.float64, requires_grad=True)
        for name, one in compiled.parameters().items()
    }
    optimizer = torch.optim.AdamW(list(p.values()), lr=0.01, weight_decay=0.01)

    def linear(name, x):
        return functional.linear(x, p[f"{name}.weight"], p.get(f"{name}.bias"))

    def norm(name, x):
        return functional.layer_norm(x, (8,), p[f"{name}.weight"], p[f"{name}.bias"])

    def heads(x):
        return x.reshape(4, 8, 4, 2).transpose(1, 2)

    def logits(x):
        x = linear("embedding", x) + p["positions.weight"].repeat(4, 1)
        y = norm("blocks.0.norm1", x)
        qkv = (heads(linear(f"blocks.0.attention.{one}", y)) for one in ("query", "key", "value"))
        y = functional.scaled_dot_product_attention(*qkv, is_causal=True)
        x = x + linear("blocks.0.attention.out", y.transpose(1, 2).reshape(32, 8))
        y = linear("blocks.0.up", norm("blocks.0.norm2", x))
        x = x + linear("blocks.0.down", functional.gelu(y, approximate="tanh"))
        return linear("head", norm("norm", x))

    for number in range(1, 11):
        x, labels = TEXT.batch(number)
        theirs = functional.cross_entropy(
            logits(torch.tensor(x, dtype=torch.float64)), torch.tensor(labels)
        )
        optimizer.zero_grad()
        theirs.backward()
        optimizer.step()
        assert compiled.step(x, labels, replay=True).loss == pytest.approx(theirs.item(), abs=1e-9)


def test_a_cut_route_stops_the_step(images):
    """The error names the PE that waits, and no parameter was changed."""
    compiled = mlp(Place(4, 4))
    before = compiled.parameters()
    down = compiled.device.links.down
    compiled.device.wafer[2, 1].route(down, SOUTH >> RAMP, replace=True)
    with pytest.raises(RunError, match=r"PE \(2, 1\)"):
        compiled.step(*images.batch(1))
    after = compiled.parameters()
    assert all(np.array_equal(one, before[name]) for name, one in after.items())


def test_a_route_astray_changes_the_loss(images):
    """Column 1 is given the weights of column 0 from its second row of tokens on.

    The run ends. So the numbers that train are those that the wavelets delivered.
    """
    losses = []
    for astray in (False, True):
        compiled = mlp(Place(4, 4))
        wafer, down = compiled.device.wafer, compiled.device.links.down
        if astray:
            wafer[1, 1].route(down, NORTH >> RAMP, replace=True)
            wafer[2, 0].route(down, NORTH >> (RAMP, SOUTH, EAST), replace=True)
            wafer[2, 1].route(down, WEST >> (RAMP, SOUTH), replace=True)
        losses.append(compiled.step(*images.batch(1)).loss)
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(np.log(10), abs=0.5)


def test_a_model_that_does_not_fit_is_refused():
    """With the table of what takes the memory, and what to try."""
    with pytest.raises(MemoryBudgetError, match=r"(?s)parameters .*weights='streamed'"):
        small_transformer(Place(2, 2), width=64, heads=4)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Sequential(Linear(64, 8), Linear(9, 10)), "'1', a Linear, gets 8 features .*expected 9"),
        (Sequential(Linear(64, 6), LayerNorm(6), Linear(6, 10)), "6 features on 4 columns"),
        (transformer(64, heads=2, context=8), "2 heads on 4 columns"),
        (transformer(64, context=12), "a batch of 32 tokens in sequences of 12 on 4 rows"),
    ],
)
def test_a_model_that_cannot_be_laid_out_is_refused(model, words):
    """Saying what would do."""
    with pytest.raises(ProgramError, match=words):
        compile(model, Place(4, 4), batch_size=32, in_features=64, optimizer=SGD(lr=0.1))


@pytest.mark.parametrize("size", [0, -1, 2.0, "8", None, True])
def test_a_size_that_is_none_is_refused(size):
    """Wherever a size is asked for."""
    made = [
        lambda: Linear(size, 4),
        lambda: Linear(4, size),
        lambda: PositionEmbedding(size, 4),
        lambda: CausalSelfAttention(4, size, 4),
        lambda: CausalSelfAttention(4, 4, size),
        lambda: compile(
            Linear(4, 4), Place(1, 1), batch_size=size, in_features=4, optimizer=SGD(1)
        ),
        lambda: compile(
            Linear(4, 4), Place(1, 1), batch_size=4, in_features=size, optimizer=SGD(1)
        ),
    ]
    for make in made:
        with pytest.raises(ProgramError, match="expected a whole number of at least 1"):
            make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(lr=0), lambda: SGD(lr=0.1, momentum=1.0), lambda: AdamW(eps=0),
        lambda: AdamW(betas=(0.9, 1.0)), lambda: SGD(lr=0.1, weight_decay=-1),
        lambda: Place(2, 2, weights="outside").device(), lambda: Place(2, 2, dtype="int8").device(),
    ],
)  # fmt: skip
def test_settings_that_are_none_are_refused(make):
    """With what was expected."""
    with pytest.raises(ProgramError, match="expected"):
        make()


def test_an_optimizer_may_train_two_models(images):
    """It holds settings; what it remembers belongs to the model that is compiled."""
    optimizer = SGD(lr=0.3, momentum=0.9)
    one, other = (mlp(Place(4, 4, dtype="float64"), optimizer) for _ in "ab")
    for number in (1, 2, 3):
        one.step(*images.batch(number), replay=True)
    alone = mlp(Place(4, 4, dtype="float64"))
    for number in (4, 5):
        losses = [each.step(*images.batch(number), replay=True).loss for each in (other, alone)]
        assert losses[0] == losses[1]


def test_a_batch_of_another_shape_is_refused(images):
    """So are labels that are no classes."""
    compiled = mlp(Place(2, 2, dtype="float64"))
    x, labels = images.batch(1)
    for wrong in ((x[:5], labels[:5]), (x[:, :5], labels), (x, labels[:5]), (x, labels + 9),
                  (x, labels / 2), (x, labels - 1)):  # fmt: skip
        with pytest.raises(ProgramError, match=r"expected|compiled for"):
            compiled.step(*wrong, replay=True)
    with pytest.raises(ProgramError, match="no wafer to run on"):
        compiled.step(x, labels)


def test_a_module_of_ones_own(images):
    """A class with parts and a forward, as in PyTorch; a value used twice gets both gradients."""

    class Residual(Module):
        def __init__(self):
            self.first, self.second, self.active = Linear(64, 64), Linear(64, 10), ReLU()

        def forward(self, x):
            hidden = self.first(x)
            return self.second(self.active(hidden) + hidden)

    device = Place(2, 2, dtype="float64")
    compiled = compile(Residual(), device, batch_size=32, in_features=64, optimizer=SGD(lr=1.0))
    x, labels = images.batch(1)
    p = compiled.parameters()
    g: dict = {}
    hidden, back_first = plain.linear(p, "first", x.astype(np.float64))
    active, back_active = plain.relu(hidden)
    logits, back_second = plain.linear(p, "second", active + hidden)
    loss, d = plain.cross_entropy(logits, labels)
    d = back_second(d, g)
    back_first(back_active(d, g) + d, g)
    assert compiled.step(x, labels, replay=True).loss == pytest.approx(loss, rel=1e-6)
    for name, one in compiled.parameters().items():
        assert np.allclose(p[name] - one, g[name], atol=1e-6)


@pytest.mark.long
def test_ten_steps_of_the_digits_classifier_run(images):
    """Every program of ten whole steps on the fabric; the replay and plain NumPy agree with it."""
    run, replayed = mlp(Place(8, 8)), mlp(Place(8, 8))
    p = {name: one.astype(np.float64) for name, one in run.parameters().items()}
    oracle = plain.SGD(lr=0.3, momentum=0.9)
    losses = []
    for number in range(1, 11):
        x, labels = images.batch(number)
        step = run.step(x, labels)
        loss, gradients = plain.mlp(p, x.astype(np.float64), labels)
        oracle.update(p, gradients)
        losses.append(step.loss)
        assert step.bill.steps_run == 1 and not any(one.replayed for one in step.bill.launches)
        assert step.loss == replayed.step(x, labels, replay=True).loss
        assert abs(step.loss - loss) < TOLERANCE
    assert same_parameters(run, replayed)
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.long
def test_a_transformer_runs_streamed_and_resident():
    """Two whole steps each, with AdamW: the same bits run, streamed and replayed."""
    run = small_transformer(Place(4, 4))
    streamed = small_transformer(Place(4, 4, weights="streamed"))
    replayed = small_transformer(Place(4, 4))
    for number in (1, 2):
        batch = TEXT.batch(number)
        losses = {one.step(*batch).loss for one in (run, streamed)}
        losses.add(replayed.step(*batch, replay=True).loss)
        assert len(losses) == 1
    assert same_parameters(run, streamed) and same_parameters(run, replayed)
