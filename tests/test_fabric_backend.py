"""Runs on a GPU: the same cycles, hops and bits, with nothing left to NumPy by mistake.

Here a stand-in takes CuPy's place and its manners (see `standin`); on a machine with CuPy and a GPU
the same tests run there too.
"""

from __future__ import annotations

import random
import sys
import types
import warnings
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import EAST, RAMP, WEST, fabin, fabout
from wselab.fabric.engines import backend, window

from . import standin
from .agreement.compare import outcome
from .agreement.programs import Draw, random_wafer


def usable_cupy() -> Any:
    """CuPy, where it can compute; the test is skipped elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where it finds no CUDA
        cupy, found, _ = backend.gpu()
    if cupy is None:
        pytest.skip(f"this machine has {found}")
    return cupy


@pytest.fixture(params=["stand-in", "CuPy"])
def gpu(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something that answers to the name of CuPy."""
    if request.param == "stand-in":
        monkeypatch.setitem(sys.modules, "cupy", standin)
    else:
        usable_cupy()


@pytest.fixture
def only_standin(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in alone, for what only it can tell."""
    monkeypatch.setitem(sys.modules, "cupy", standin)
    standin.crossings.clear()


def drawn(seed: int, on: str = "cpu") -> wse.Wafer:
    wafer = random_wafer(Draw(random.Random(seed)), b="float16")  # CuPy has no bfloat16
    wafer.on = on
    return wafer


def chain(columns: int, wavelets: int, on: str = "gpu") -> wse.Wafer:
    """Each PE of a row adds its vector to what comes from the east."""
    w = wse.Wafer(1, columns, on=on)
    x = w.memory("x", wavelets)
    x[...] = np.arange(columns)[:, None]
    wse.kernels.write_chain_west(w, x, x)
    return w


# ---- agreement -----------------------------------------------------------------------------


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("block", range(4))
def test_random_programs_run_there_as_they_run_here(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cycles, hops, ramps and bits, and where a program fails the same wavelets stand."""
    monkeypatch.setattr(window, "MARGIN", (2, 16)[block % 2])
    for seed in range(50 * block, 50 * (block + 1)):
        here, there = (outcome(drawn(seed, on), "bitplane") for on in ("cpu", "gpu"))
        assert there == here, f"seed {seed}"


@pytest.mark.usefixtures("gpu")
def test_what_stands_where_when_a_run_is_stopped_is_the_same() -> None:
    """At any cycle."""
    for seed in range(60):
        limit = random.Random(seed).randint(0, 80)
        here, there = (outcome(drawn(seed, on), "bitplane", limit) for on in ("cpu", "gpu"))
        assert there == here, f"seed {seed}, {limit} cycles"


@pytest.mark.long
@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("block", range(10))
def test_many_more_random_programs_run_there_as_by_the_reference(block: int) -> None:
    """1,000 further programs."""
    for seed in range(20_000 + 100 * block, 20_000 + 100 * (block + 1)):
        there = outcome(drawn(seed, "gpu"), "bitplane")
        assert there == outcome(drawn(seed), "reference"), f"seed {seed}"


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    "kernel",
    [
        lambda **on: wse.kernels.reduce_row(ROWS, algorithm="chain", **on),
        lambda **on: wse.kernels.reduce_row(ROWS, algorithm="two_phase", group=3, **on),
        lambda **on: wse.kernels.broadcast_row(ROWS[:, 0], columns=70, **on),
        lambda **on: wse.kernels.gemv(MATRIX, MATRIX[0], wafer=(4, 6), **on),
    ],
    ids=["chain", "two-phase", "broadcast", "gemv"],
)
def test_a_kernel_runs_there_when_told_so(kernel: Any) -> None:
    """``on="gpu"`` goes through a kernel to its wafer."""
    here, there = kernel(), kernel(on="gpu")
    assert "CuPy" in there[1].exact_because and "CuPy" not in here[1].exact_because
    assert isinstance(there[0], np.ndarray) and there[0].tobytes() == here[0].tobytes()
    assert [run.cycles for run in (here[1], there[1])] == [here[1].cycles] * 2


@pytest.mark.usefixtures("only_standin")
def test_bfloat16_is_refused_there() -> None:
    """CuPy has no such type; the same program runs here."""
    w = wse.Wafer(1, 1, on="gpu")
    x = w.memory("x", 4, dtype="bfloat16")
    w[...].add(x, 1.0, out=x)
    with pytest.raises(wse.ProgramError, match="CuPy has no bfloat16"):
        w.run()
    w.on = "cpu"
    assert w.run().cycles == 4


NUMBERS = np.random.default_rng(7)
ROWS = NUMBERS.standard_normal((2, 11, 9)).astype(np.float32)
MATRIX = NUMBERS.standard_normal((24, 24)).astype(np.float32)


# ---- memory --------------------------------------------------------------------------------


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("order", list("CF"))
def test_the_callers_array_holds_the_result(order: str) -> None:
    """Memory is copied to the GPU and what was written back, into the array that was adopted."""
    data = np.array(NUMBERS.standard_normal((2, 3, 4, 5)), np.float32, order=order)  # type: ignore[call-overload]
    twice = 2 * data
    w = wse.Wafer(2, 3, on="gpu")
    x = w.memory("x", data=data)
    w[...].mul(x.own[::-1, 1:], 2.0, out=x.own[::-1, 1:])
    w.run()
    twice[..., 0] = data[..., 0]
    assert (data == twice).all() and x.array is data


@pytest.mark.usefixtures("gpu")
def test_what_a_program_only_reads_is_not_written() -> None:
    """Not even with the same values: the caller's array may be read-only."""
    data = np.ones((1, 2, 4), np.float32)
    data.flags.writeable = False
    w = wse.Wafer(1, 2, on="gpu")
    x, y = w.memory("x", data=data), w.memory("y", 4)
    w[...].add(x, 0.5, out=y)
    w.run()
    assert (y[...] == 1.5).all()


@pytest.mark.usefixtures("gpu")
def test_after_a_deadlock_memory_is_as_before() -> None:
    """And the program can be mended and run."""
    w = wse.Wafer(1, 3, on="gpu")
    x = w.memory("x", 4)
    x[...] = 1.0
    c = w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1].route(c, WEST >> EAST)
    w[:, 0].mul(x, 5.0, out=x)
    w[:, 0].mov(x, out=fabout(c))
    w[:, 2].mov(fabin(c), out=x)
    with pytest.raises(wse.Deadlock, match="does not route it"):
        w.run()
    assert (x[...] == 1.0).all()
    w[:, 2].route(c, WEST >> RAMP)
    w.run()
    assert x[0, :, 0].tolist() == [5.0, 1.0, 5.0]


@pytest.mark.usefixtures("only_standin")
def test_when_the_gpu_has_no_room_memory_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was computed there until then is lost, and the program is still recorded."""

    def empty(*_: Any) -> None:
        raise MemoryError

    w = chain(5, 4)
    before = w.memories["x"].copy()
    with monkeypatch.context() as patch:
        patch.setattr(standin, "empty", empty)
        with pytest.raises(MemoryError):
            w.run()
    assert (w.memories["x"][...] == before).all() and w.recorded
    w.run()
    assert w.memories["x"][0, 0].tolist() == [10.0] * 4


@pytest.mark.usefixtures("only_standin")
def test_memory_that_a_program_does_not_use_stays_where_it_is() -> None:
    """A GPU's memory is smaller than a wafer's can be."""
    w = wse.Wafer(1, 2, on="gpu")
    x, _ = w.memory("x", 4), w.memory("y", 4)
    w[...].mul(x, 2.0, out=x)
    w.run()
    one = standin.crossings["in"], standin.crossings["out"]
    w[...].mul(x, 2.0, out=x)
    standin.crossings.clear()
    del w.memories["y"]
    w.run()
    assert (standin.crossings["in"], standin.crossings["out"]) == one


def test_axes_keep_their_order_in_memory() -> None:
    """So that copies to and fro are of one piece, and blocks lie as they lie on the host."""
    array = np.arange(24, dtype=np.float32).reshape(4, 2, 3).transpose(1, 0, 2)
    there = backend.to_device(standin, array)
    assert there.strides == array.strides and (there.values == array).all()
    back = backend.to_host(there)
    assert back.strides == array.strides and (back == array).all()


# ---- nothing crosses unasked -----------------------------------------------------------------


@pytest.mark.parametrize(
    "leak",
    [
        lambda there, here: np.asarray(there),
        lambda there, here: np.bitwise_and(there, there),
        lambda there, here: np.bitwise_or.reduce(there),
        lambda there, here: np.flatnonzero(there),
        lambda there, here: np.copyto(here, there),
        lambda there, here: there & here,
        lambda there, here: here & there,
        lambda there, here: there[here],
        lambda there, here: there[[0, 1]],
        lambda there, here: here[there],
        lambda there, here: there.__setitem__(slice(None), here),
        lambda there, here: here.__setitem__(slice(None), there),
        lambda there, here: standin.bitwise_or(there, here),
        lambda there, here: standin.bitwise_or(there, there, here),
        lambda there, here: standin.bitwise_or.reduce(there),
        lambda there, here: there.cumsum(),
    ],
)
def test_the_stand_in_refuses_what_cupy_refuses_or_lacks(leak: Any) -> None:
    """Mixing, conversion, NumPy's functions, indices of NumPy, and functions not named in it."""
    here = np.arange(3)
    with pytest.raises((TypeError, AttributeError, IndexError)):
        leak(standin.asarray(here), here)


def nothing(*items: Any) -> Any:
    """Gives its last argument as it is."""
    return items[-1]


@pytest.mark.usefixtures("only_standin")
@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        ("planes", "to_device", nothing),
        ("planes", "to_host", nothing),
        ("window", "to_device", nothing),
        ("window", "to_host", nothing),
        ("bitplane", "to_host", nothing),
        ("blocks", "to_device", nothing),
        ("blocks", "module_of", lambda array: np),
        ("replay", "to_device", nothing),
        ("replay", "to_host", nothing),
    ],
)
def test_a_crossing_left_out_fails(
    module: str, name: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever it is, one of some random programs ends in an error."""
    monkeypatch.setattr(f"wselab.fabric.engines.{module}.{name}", wrong)
    with pytest.raises((TypeError, AttributeError, IndexError)):
        [outcome(drawn(seed, "gpu"), "bitplane") for seed in range(60)]


@pytest.mark.usefixtures("only_standin")
def test_a_cycle_asks_the_gpu_one_thing() -> None:
    """Whether an operation has ended; the rest crosses when one begins or the window moves."""
    counts = []
    for wavelets in (1_000, 3_000):
        standin.crossings.clear()
        chain(8, wavelets).run()
        counts.append(standin.crossings.total())
    assert 2_000 <= counts[1] - counts[0] <= 2_400


def test_cupy_has_all_that_the_stand_in_has() -> None:
    """Known wherever CuPy is installed, with a GPU or without."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cupy = pytest.importorskip("cupy", reason="no CuPy here", exc_type=ImportError)
    own = {"Array", "plain", "index", "_operator", "_gate"}
    functions = {
        name
        for name, item in vars(standin).items()
        if getattr(item, "__module__", "") == standin.__name__ and name not in own
    }
    assert "count_nonzero" in functions
    assert {name for name in functions if not hasattr(cupy, name)} == set()
    methods = {name for name, item in vars(standin.Array).items() if callable(item)}
    assert {name for name in methods if not hasattr(cupy.ndarray, name)} == set()


# ---- what is refused -------------------------------------------------------------------------


def test_a_machine_without_cupy_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as the wafer is made, before a program is written."""
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(wse.ProgramError, match=r"has no CuPy.*pip install 'wselab\[gpu\]'"):
        wse.Wafer(2, 2, on="gpu")


def cupy_with(**changes: Any) -> types.ModuleType:
    """The stand-in with some things otherwise."""
    changed = types.ModuleType("cupy")
    vars(changed).update({**vars(standin), **changes})
    return changed


def test_cupy_without_a_gpu_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """CuPy imports on machines that have none."""
    without = types.SimpleNamespace(is_available=lambda: False)
    monkeypatch.setitem(sys.modules, "cupy", cupy_with(cuda=without))
    with pytest.raises(wse.ProgramError, match=r"no GPU that it can use.*nvidia-smi"):
        wse.Wafer(2, 2, on="gpu")


def test_a_gpu_that_cannot_compute_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """CuPy compiles what it computes, with parts of CUDA that may be missing."""

    def zeros(*_: Any) -> None:
        raise RuntimeError("no libnvrtc.so.12")

    monkeypatch.setitem(sys.modules, "cupy", cupy_with(zeros=zeros))
    with pytest.raises(wse.ProgramError, match=r"no libnvrtc.so.12. Try: .*cupy-cuda12x\[ctk\]"):
        wse.Wafer(2, 2, on="gpu")


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(wse.ProgramError, match="on='tpu': expected one of 'cpu', 'gpu'"):
        wse.Wafer(2, 2, on="tpu")


@pytest.mark.usefixtures("only_standin")
@pytest.mark.parametrize(
    ("asked", "lacking"),
    [
        ({"engine": "reference"}, "engine 'reference'"),
        ({"engine": "lockstep"}, "engine 'lockstep'"),
        ({"maps": True}, "maps"),
        ({"trace": True}, "traces"),
    ],
)
def test_what_the_gpu_lacks_is_said(asked: dict[str, Any], lacking: str) -> None:
    """And the same program runs on the CPU when told to."""
    w = chain(4, 5)
    with pytest.raises(wse.ProgramError, match=f'has no {lacking}; try w.on = "cpu"'):
        w.run(**asked)
    w.on = "cpu"
    assert w.run(**asked).cycles == chain(4, 5).run().cycles


@pytest.mark.usefixtures("only_standin")
def test_programs_beyond_the_bitplane_engine_are_refused_there() -> None:
    """A wafer of the GPU does not run elsewhere without a word."""
    w = wse.Wafer(1, 2, on="gpu")
    x, c = w.memory("x", 4), w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1].route(c, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(c))

    @w[:, 1].task(c)
    def keep(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=x.own[0])

    with pytest.raises(wse.ProgramError, match="the GPU has no tasks"):
        w.run()


def test_a_program_here_does_not_import_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a second to import, and here it is an error."""
    monkeypatch.setitem(sys.modules, "cupy", None)
    chain(4, 5, on="cpu").run()
