"""Wrong programs as people write them: each ends in the right error, and is told what to try.

Each function is one program, and its docstring the mistake in the words of the one who made it.
The messages are for them: where the mistake is, what was expected, what to try.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import EAST, NORTH, RAMP, SOUTH, WEST, Wafer, fabin, fabout

SECOND = 1.0


@dataclass
class Mistake:
    """A wrong program; the error it ends in, words of the message in order, and `verify`'s kind.

    ``mended``: following the advice, which is a line of code, over and over gives a right program.
    """

    write: Callable[[], Wafer]
    error: Any
    says: tuple[str, ...]
    verify: str
    mended: bool


MISTAKES: dict[str, Mistake] = {}


def mistake(error: Any, *says: str, verify: str = "", mended: bool = False) -> Any:
    """Enter a program in the list, with what its error must say."""

    def enter(write: Callable[[], Wafer]) -> Callable[[], Wafer]:
        MISTAKES[write.__name__] = Mistake(write, error, says, verify, mended)
        return write

    return enter


def a_row(pes: int = 4, n: int = 40) -> tuple[Wafer, Any, Any]:
    """A row of PEs with a vector each, and a color."""
    w = Wafer(1, pes)
    return w, w.memory("x", n), w.color("red")


def routed_row(pes: int = 4, n: int = 40) -> tuple[Wafer, Any, Any]:
    """A row with the routes of a broadcast from its first PE."""
    w, x, red = a_row(pes, n)
    w[:, 0].route(red, RAMP >> EAST)
    w[:, 1:-1].route(red, WEST >> (RAMP, EAST))
    w[:, -1].route(red, WEST >> RAMP)
    return w, x, red


def two_that_talk(n: int = 40) -> tuple[Wafer, Any, Any, Any]:
    """Two PEs with a color each way."""
    w = Wafer(1, 2)
    x, red, blue = w.memory("x", n), w.color("red"), w.color("blue")
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 1].route(red, WEST >> RAMP)
    w[0, 1].route(blue, RAMP >> WEST)
    w[0, 0].route(blue, EAST >> RAMP)
    return w, x, red, blue


# Routes


@mistake(wse.Deadlock, "PE (0, 2)", "leaves EAST", "PE (0, 3) there does not route it",
         "Try: w[0, 3].route(red, WEST >> RAMP)", verify="not taken", mended=True)  # fmt: skip
def the_last_pe_is_forgotten() -> Wafer:
    """I gave every PE a route, I thought; the last one has none."""
    w, x, red = a_row()
    w[:, 0].route(red, RAMP >> EAST)
    w[:, 1:-1].route(red, WEST >> (RAMP, EAST))
    w[:, 0].mov(x, out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x)
    return w


@mistake(wse.Deadlock, "red", "PE (0, 1) there does not route it",
         "Try: w[0, 1].route(red, WEST >> (EAST, RAMP))",
         verify="not taken", mended=True)  # fmt: skip
def a_slice_starts_one_too_late() -> Wafer:
    """I wrote w[:, 2:-1] where w[:, 1:-1] was right."""
    w, x, red = a_row(5)
    w[:, 0].route(red, RAMP >> EAST)
    w[:, 2:-1].route(red, WEST >> (RAMP, EAST))
    w[:, -1].route(red, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x)
    return w


@mistake(wse.RouteError, "PE (0, 3) already routes red WEST >> (EAST, RAMP)", "replace=True")
def slices_overlap() -> Wafer:
    """I gave w[:, 1:] the route of the middle and w[:, -1] that of the end."""
    w, _, red = a_row()
    w[:, 0].route(red, RAMP >> EAST)
    w[:, 1:].route(red, WEST >> (RAMP, EAST))
    w[:, -1].route(red, WEST >> RAMP)
    return w


@mistake(wse.Deadlock, "PE (0, 3)", "over the edge of the wafer",
         "Try: w[0, 3].route(red, WEST >> RAMP, replace=True)",
         verify="over the edge", mended=True)  # fmt: skip
def the_end_is_like_the_middle() -> Wafer:
    """I let the last PE pass the stream on as the others do."""
    w, x, red = a_row()
    w[:, 0].route(red, RAMP >> EAST)
    w[:, 1:].route(red, WEST >> (RAMP, EAST))
    w[:, 0].mov(x, out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x)
    return w


@mistake(wse.Deadlock, "PE (0, 0)", "leaves EAST", "Try: w[0, 0].route(red, RAMP >> SOUTH",
         verify="not taken")  # fmt: skip
def rows_are_taken_for_columns() -> Wafer:
    """I want it to go down the first column, and wrote EAST; rows go down, I mixed them up."""
    w = Wafer(4, 4)
    x, red = w.memory("x", 40), w.color("red")
    w[0, 0].route(red, RAMP >> EAST)
    w[1:-1, 0].route(red, NORTH >> (RAMP, SOUTH))
    w[-1, 0].route(red, NORTH >> RAMP)
    w[0, 0].mov(x, out=fabout(red))
    w[1:, 0].mov(fabin(red), out=x)
    return w


@mistake(
    wse.Deadlock,
    "PE (0, 2)",
    "another color",
    "by='column' for streams along a row",
    verify="two senders",
)
def colors_alternate_by_the_wrong_axis() -> Wafer:
    """My chain runs along a row, and I let its colors alternate by row."""
    w = Wafer(4, 4)
    x = w.memory("x", 40)
    mine, theirs = w.alternating("even", "odd", by="row")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(mine))
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, 0].add(fabin(theirs), x, out=x)
    return w


@mistake(wse.Deadlock, "PE (0, 1)", "red", "routes it WEST >> EAST, not to the RAMP",
         "Try: w[0, 1].route(red, WEST >> (EAST, RAMP), replace=True)",
         verify="no way in", mended=True)  # fmt: skip
def the_color_is_not_routed_to_the_ramp() -> Wafer:
    """The stream passes every PE, so I thought that each could read it."""
    w, x, red = a_row(3)
    w[:, 0].route(red, RAMP >> EAST)
    w[:, 1:-1].route(red, WEST >> EAST)
    w[:, -1].route(red, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x)
    return w


@mistake(wse.Deadlock, "PE (0, 0)", "takes it from the EAST",
         "Try: w[0, 1].route(red, WEST >> RAMP, replace=True)",
         verify="not taken", mended=True)  # fmt: skip
def the_input_is_where_it_goes_to() -> Wafer:
    """The stream goes east, so I wrote EAST >> RAMP."""
    w, x, red = a_row(2)
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 1].route(red, EAST >> RAMP)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(fabin(red), out=x)
    return w


@mistake(wse.ProgramError, "WEST >> (WEST, RAMP)", "cannot leave by the port it came in")
def a_wavelet_turns_back() -> Wafer:
    """I want the stream back where it came from."""
    w, _, red = a_row(3)
    w[0, 1].route(red, WEST >> (WEST, RAMP))
    return w


@mistake(wse.Deadlock, "PE (0, 0)", "red", "PE (0, 1) there takes it from the RAMP",
         "another color", verify="two senders")  # fmt: skip
def two_send_on_one_color() -> Wafer:
    """Two PEs of a row send to the third; I gave both the same color."""
    w, x, red = a_row(3)
    w[0, :2].route(red, RAMP >> EAST)
    w[0, 2].route(red, WEST >> RAMP)
    w[0, :2].mov(x, out=fabout(red))
    for _ in range(2):
        w[0, 2].add(fabin(red), x, out=x)
    return w


@mistake(wse.RouteError, "PE (0, 1) already routes red RAMP >> WEST", "two colors")
def a_chain_on_one_color() -> Wafer:
    """Each PE takes the sum in and sends it on; one color is enough, I thought."""
    w, _, red = a_row()
    w[:, 1:].route(red, RAMP >> WEST)
    w[:, :-1].route(red, EAST >> RAMP)
    return w


@mistake(wse.Deadlock, "PE (0, 1)", "sends on color red, but its router routes it EAST >> RAMP",
         "another color", verify="not sent")  # fmt: skip
def a_route_is_replaced() -> Wafer:
    """It said that replace=True lets me; now the first route is gone."""
    w, x, red = a_row(3)
    w[:, 1:].route(red, RAMP >> WEST)
    w[:, :-1].route(red, EAST >> RAMP, replace=True)
    w[:, -1].mov(x, out=fabout(red))
    w[:, 1:-1].add(fabin(red), x, out=fabout(red))
    w[:, 0].add(fabin(red), x, out=x)
    return w


@mistake(wse.Deadlock, "PE (1, 1)", "red", "circle", "RAMP >>", verify="circle")
def a_circle_of_one_color() -> Wafer:
    """The four of them pass it round, and no one puts anything in."""
    w = Wafer(2, 2)
    x, red = w.memory("x", 4), w.color("red")
    w[0, 0].route(red, SOUTH >> EAST)
    w[0, 1].route(red, WEST >> SOUTH)
    w[1, 1].route(red, NORTH >> (WEST, RAMP))
    w[1, 0].route(red, EAST >> NORTH)
    w[1, 1].mov(fabin(red), out=x)
    return w


@mistake(wse.Undrained, "red from PE (0, 0), 1 sent", "1 wavelet left at PE (0, 0)",
         "PE (0, 3)", "over the edge", "Try: w[0, 3].route(red, WEST >> RAMP, replace=True)",
         verify="over the edge")  # fmt: skip
def a_message_to_nobody() -> Wafer:
    """I send one value along the row, to see what happens."""
    w, _, red = a_row()
    w[:, 0].route(red, RAMP >> EAST)
    w[:, 1:].route(red, WEST >> EAST)
    w[:, 0].mov(1.0, out=fabout(red), n=1)
    return w


# Senders and receivers


@mistake(wse.Deadlock, "PE (0, 1)", "39 of 40", "PE (0, 0) has sent all its 39",
         "Try: let PE (0, 1) take 39, or PE (0, 0) send 40", verify="counts differ")  # fmt: skip
def one_is_sent_too_few() -> Wafer:
    """I sent x.own[1:], and they wait for all of it."""
    w, x, red = routed_row()
    w[:, 0].mov(x.own[1:], out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x)
    return w


@mistake(wse.Undrained, "red from PE (0, 0), 40 sent", "PE (0, 2) has taken its 38",
         "Try: let PE (0, 2) take 40, or PE (0, 0) send 38", verify="counts differ")  # fmt: skip
def one_takes_too_few() -> Wafer:
    """One of the receivers leaves two wavelets where they are."""
    w, x, red = routed_row()
    w[:, 0].mov(x, out=fabout(red))
    w[:, 1].mov(fabin(red), out=x)
    w[:, 2].mov(fabin(red), out=x.own[:38])
    w[:, 3].mov(fabin(red), out=x)
    return w


@mistake(wse.Deadlock, "PE (0, 2)", "has no operation that reads color red",
         "PE (0, 0) sends it 40", "Try: w[0, 2].mov(fabin(red), out=...)",
         verify="not read")  # fmt: skip
def one_branch_is_not_read() -> Wafer:
    """The third PE does not need the vector, so it does not read it."""
    w, x, red = routed_row()
    w[:, 0].mov(x, out=fabout(red))
    w[:, 1].mov(fabin(red), out=x)
    w[:, 3].mov(fabin(red), out=x)
    return w


@mistake(wse.Deadlock, "PE (0, 0)", "nothing sends it in this launch",
         "Try: w[0, 0].mov(..., out=fabout(red))", verify="not fed")  # fmt: skip
def the_sender_is_forgotten() -> Wafer:
    """Everything is wired, everybody listens, and nothing comes."""
    w, x, red = routed_row()
    w[:, 1:].mov(fabin(red), out=x)
    return w


@mistake(wse.Deadlock, "PE (1, 0)", "nothing sends it in this launch", verify="not fed")
def one_row_is_left_out() -> Wafer:
    """I wrote w[0, 0] where w[:, 0] should send."""
    w = Wafer(2, 3)
    x, red = w.memory("x", 40), w.color("red")
    w[:, 0].route(red, RAMP >> EAST)
    w[:, 1:-1].route(red, WEST >> (RAMP, EAST))
    w[:, -1].route(red, WEST >> RAMP)
    w[0, 0].mov(x, out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x)
    return w


@mistake(wse.Deadlock, "PE (0, 1)", "sends on b instead", "let PE (0, 1) send on color a",
         verify="no way out")  # fmt: skip
def mine_and_theirs_are_confused() -> Wafer:
    """I take in on mine and send on theirs; or the other way round?"""
    w = Wafer(1, 4)
    x = w.memory("x", 40)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(theirs, RAMP >> WEST)
    w[:, :-1].route(mine, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(theirs))
    w[:, 1:-1].add(fabin(mine), x, out=fabout(mine))
    w[:, 0].add(fabin(mine), x, out=x)
    return w


# The order of operations


@mistake(wse.Deadlock, "cannot send", "PE (0, 1) does not read color red now",
         "This is a circle through 2 PEs", "take color", "before mov(x, out=fabout",
         verify="wait in a circle")  # fmt: skip
def both_send_first() -> Wafer:
    """Each sends its vector to the other, then takes the other's."""
    w, x, red, blue = two_that_talk()
    y = w.memory("y", 40)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(x, out=fabout(blue))
    w[0, 0].mov(fabin(blue), out=y)
    w[0, 1].mov(fabin(red), out=y)
    return w


@mistake(wse.Deadlock, "waits for a wavelet on color blue", "PE (0, 1) has not sent it yet",
         "This is a circle through 2 PEs: each line waits for the next, the last for PE (0, 0)",
         "let PE (0, 0) send color red before",
         verify="wait in a circle")  # fmt: skip
def both_take_first() -> Wafer:
    """Each waits for the other's vector before it sends its own."""
    w, x, red, blue = two_that_talk()
    y = w.memory("y", 40)
    w[0, 0].mov(fabin(blue), out=y)
    w[0, 1].mov(fabin(red), out=y)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(x, out=fabout(blue))
    return w


@mistake(wse.Deadlock, "PE (0, 1) does not read color red now: it is at mov(fabin(green)",
         "let PE (0, 1) take color red before", verify="wait in a circle")  # fmt: skip
def taken_in_another_order_than_sent() -> Wafer:
    """I send red, then green; they take green, then red."""
    w, x, red, _ = two_that_talk()
    green, y = w.color("green"), w.memory("y", 40)
    w[0, 0].route(green, RAMP >> EAST)
    w[0, 1].route(green, WEST >> RAMP)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 0].mov(x, out=fabout(green))
    w[0, 1].mov(fabin(green), out=x)
    w[0, 1].mov(fabin(red), out=y)
    return w


@mistake(wse.Deadlock, "waits for a wavelet", "This is a circle through 4 PEs", "send",
         verify="")  # fmt: skip
def a_ring_that_nobody_starts() -> Wafer:
    """Each of the ring adds its own and passes the sum on; who begins?"""
    w = Wafer(2, 2)
    x, red, blue = w.memory("x", 8), w.color("red"), w.color("blue")
    places = [(0, 0), (0, 1), (1, 1), (1, 0)]
    for i, (port, into) in enumerate([(EAST, WEST), (SOUTH, NORTH), (WEST, EAST), (NORTH, SOUTH)]):
        sends, takes = (red, blue) if i % 2 == 0 else (blue, red)
        w[places[i]].route(sends, RAMP >> port)
        w[places[(i + 1) % 4]].route(sends, into >> RAMP)
        w[places[i]].add(fabin(takes), x, out=fabout(sends))
    return w


@mistake(
    wse.StillRunning, "max_cycles=100", "PE (0, 0)", "of 40 elements done", "larger max_cycles"
)
def max_cycles_is_too_small() -> Wafer:
    """I thought that 100 cycles would do."""
    w, x, red = routed_row(4, 40)
    for _ in range(10):
        w[:, 0].mov(x, out=fabout(red))
        w[:, 1:].mov(fabin(red), out=x)
    return w


@mistake(wse.StillRunning, "color blue stands in the router of PE (0, 1): the port EAST carries",
         "color red in this cycle (the lowest color goes first)")  # fmt: skip
def a_low_color_starves_a_higher_one() -> Wafer:
    """My short message on blue waits for all of the long one on red."""
    w = Wafer(1, 3)
    x, y = w.memory("x", 4000), w.memory("y", 40)
    red, blue = w.color("red"), w.color("blue")
    w[0, 0].route(blue, RAMP >> EAST)
    w[0, 1].route(blue, WEST >> EAST)
    w[0, 1].route(red, RAMP >> EAST)
    w[0, 2].route(red, WEST >> RAMP)
    w[0, 2].route(blue, WEST >> RAMP)
    w[0, 1].mov(x, out=fabout(red))
    w[0, 0].mov(y, out=fabout(blue))
    w[0, 2].mov(fabin(red), out=x, microthread=True)
    w[0, 2].mov(fabin(blue), out=y)
    return w


# Operations and operands


@mistake(wse.ProgramError, "mov: out= is missing", "out=x or out=fabout(color)")
def out_is_missing() -> Wafer:
    """I forgot to say where the result goes."""
    w, _, red = routed_row()
    w[:, 1:].mov(fabin(red))
    return w


@mistake(wse.ProgramError, "an array of shape (1, 4, 40)", "x.own[1:-1]")
def a_memory_is_indexed_as_an_operand() -> Wafer:
    """x[...] is what I write everywhere in NumPy."""
    w, x, red = routed_row()
    w[:, 0].mov(x[...], out=fabout(red))
    return w


@mistake(wse.ProgramError, "x.own[...] = ...", "The host writes x[row, column, ...]")
def own_is_written_by_the_host() -> Wafer:
    """I set the first value of every PE."""
    w, x, _ = routed_row()
    x.own[0] = 1.0
    return w


@mistake(wse.ProgramError, "the lengths differ: x.own[1:] holds 39, x holds 40")
def lengths_are_mixed() -> Wafer:
    """I add x shifted by one to x."""
    w, x, red = routed_row()
    w[:, 0].add(x.own[1:], x, out=fabout(red))
    return w


@mistake(wse.ProgramError, "x.own[:-1] and out=x.own[1:] overlap", "recurrence", "another memory")
def parts_overlap() -> Wafer:
    """I shift x by one place."""
    w, x, _ = routed_row()
    w[...].mov(x.own[:-1], out=x.own[1:])
    return w


@mistake(wse.ProgramError, "operand True", "a number", "try 1.0")
def a_bool_is_an_operand() -> Wafer:
    """I want to send a flag."""
    w, _, red = routed_row()
    w[:, 0].mov(True, out=fabout(red), n=1)
    return w


@mistake(wse.ProgramError, "no operand has a length", "n=")
def n_is_missing() -> Wafer:
    """I send ones; how many, it asks."""
    w, _, red = routed_row()
    w[:, 0].mov(1.0, out=fabout(red))
    return w


@mistake(wse.ProgramError, "n=20", "x holds 40", "leave n out", "x.own[:20]")
def n_is_not_what_the_memory_holds() -> Wafer:
    """I want only the first 20 of x, and say n=20."""
    w, x, red = routed_row()
    w[:, 0].mov(x, out=fabout(red), n=20)
    return w


@mistake(wse.ProgramError, "n has shape (3,)", "(1, 4)")
def n_has_another_shape_than_the_region() -> Wafer:
    """I give three counts to four PEs."""
    w, _, red = a_row()
    w[...].mov(1.0, out=fabout(red), n=np.array([1, 2, 3]))
    return w


@mistake(wse.ProgramError, "out=total is one value, and 40 elements would overwrite it", "task")
def a_sum_goes_into_one_value() -> Wafer:
    """I add up a vector into one value, as sum() does."""
    w, _, red = routed_row()
    total = w.memory("total", ())
    w[:, 1:].add(fabin(red), total, out=total, n=40)
    return w


@mistake(wse.ProgramError, "fabout(red): read with fabin(color), send with out=fabout(color)")
def fabout_is_read() -> Wafer:
    """I read from fabout."""
    w, x, red = routed_row()
    w[:, 1:].mov(fabout(red), out=x)
    return w


@mistake(wse.ProgramError, "takes two wavelets of one color in a cycle", "memory first")
def two_wavelets_of_one_color_are_added() -> Wafer:
    """I add each two wavelets that arrive."""
    w, x, red = routed_row()
    w[:, 1:].add(fabin(red), fabin(red), out=x.own[:20])
    return w


@mistake(AttributeError, "no 'sub'", "mov", "add", "mul", "max", "mac")
def an_operation_that_is_not_there() -> Wafer:
    """I subtract."""
    w, x, _ = routed_row()
    w[...].sub(x, 1.0, out=x)
    return w


# Memory, colors, wafers


@mistake(wse.MemoryBudgetError, "49,152 bytes", "A", "40,000", "B", "10,000", "Spread the data")
def the_budget_is_exceeded() -> Wafer:
    """My matrix and one vector more do not fit."""
    w = Wafer(2, 2)
    w.memory("A", (100, 100))
    w.memory("B", 2500)
    return w


@mistake(wse.ProgramError, "'c24'", "24 colors", "share a color")
def a_twenty_fifth_color() -> Wafer:
    """I give each stream a color of its own."""
    w = Wafer(2, 2)
    for i in range(25):
        w.color(f"c{i}")
    return w


@mistake(wse.ProgramError, "color 'red' belongs to another wafer", "w.color('red')")
def a_color_of_another_wafer() -> Wafer:
    """I made the wafer again, in the cell below, and kept the color."""
    _, _, red = a_row()
    w = Wafer(1, 4)
    w[:, 0].route(red, RAMP >> EAST)
    return w


@mistake(wse.ProgramError, "x: this memory belongs to another wafer", "w.memory('x', ...)")
def a_memory_of_another_wafer() -> Wafer:
    """The same with a memory."""
    _, x, _ = a_row()
    w = Wafer(1, 4)
    w[...].mul(x, 2.0, out=x)
    return w


@mistake(wse.ProgramError, "996 rows x 757 columns", "Rows come first: Wafer(994, 750)")
def width_comes_first() -> Wafer:
    """The paper says 750 x 994."""
    return Wafer(750, 994)


@mistake(wse.ProgramError, "dtype float64", "float32 or float16", ".astype(np.float32)")
def data_is_float64() -> Wafer:
    """NumPy gave me float64."""
    w = Wafer(2, 2)
    w.memory("x", data=np.ones((2, 2, 8)))
    return w


@mistake(wse.ProgramError, "column 4", "the last is 3")
def an_index_is_out_of_range() -> Wafer:
    """There are four columns, so I take column 4."""
    w, x, red = a_row()
    w[0, 4].mov(x, out=fabout(red))
    return w


@mistake(wse.ProgramError, "x * 2 are", "w[...].mul(x, 2.0, out=...)")
def numpy_arithmetic_is_an_operand() -> Wafer:
    """I send x * 2."""
    w, x, red = routed_row()
    w[:, 0].mov(x * 2, out=fabout(red))
    return w


@mistake(wse.Deadlock, "PE (0, 0)", "nothing sends it in this launch", verify="not fed")
def what_ran_is_not_repeated() -> Wafer:
    """I run it twice; the second time I wrote only the receivers anew."""
    w, x, red = routed_row()
    w[:, 0].mov(x, out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x)
    w.run()
    w[:, 1:].mov(fabin(red), out=x)
    return w


# Microthreads, switches, tasks, the host


@mistake(wse.ProgramError, "a microthread waits for wavelets", "Leave microthread=True out")
def a_microthread_computes() -> Wafer:
    """I let the multiplication run beside the rest."""
    w, x, _ = routed_row()
    w[...].mul(x, 2.0, out=x, microthread=True)
    return w


@mistake(wse.Deadlock, "color red", "the switch of PE (0, 1) stands at RAMP >> WEST",
         "until a control wavelet advances it", "Try:", "advance=")  # fmt: skip
def a_switch_is_never_advanced() -> Wafer:
    """One after the other they send to the first; I gave the routes and forgot advance=."""
    w, x, red = a_row(3, 8)
    w[0, 0].route(red, EAST >> RAMP)
    w[0, 1].route(red, [RAMP >> WEST, EAST >> WEST])
    w[0, 2].route(red, RAMP >> WEST)
    w[0, 1:].mov(x, out=fabout(red))
    for _ in range(2):
        w[0, 0].mov(fabin(red), out=x)
    return w


@mistake(wse.RouteError, "at most 4 positions")
def a_switch_has_five_positions() -> Wafer:
    """Five PEs take turns."""
    w, _, red = a_row()
    w[0, 1].route(red, [RAMP >> WEST, *[EAST >> WEST] * 4])
    return w


@mistake(wse.ProgramError, "wavelet > 0.5 differs from PE to PE", "pe.where(wavelet > 0.5)")
def a_task_branches_with_if() -> Wafer:
    """In the task I write an if, as in any function."""
    w, x, red = routed_row()

    @w[:, 1:].task(red)
    def work(pe: Any, wavelet: Any) -> None:
        if wavelet > 0.5:
            pe.mov(wavelet, out=x.own[0])

    return w


@mistake(wse.ProgramError, "wavelet in Python arithmetic", "mul(wavelet, 2.0, out=...)")
def a_task_computes_in_python() -> Wafer:
    """In the task I multiply the wavelet by two."""
    w, x, red = routed_row()

    @w[:, 1:].task(red)
    def work(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet * 2.0, out=x.own[0])

    return w


@mistake(wse.ProgramError, "what is sent then depends on values", "data_dependent=True")
def a_task_sends_sometimes() -> Wafer:
    """The task passes on large values only."""
    w, _, red = routed_row()
    blue = w.color("blue")

    @w[:, 1:].task(red)
    def work(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet > 0.5).mov(wavelet, out=fabout(blue))

    return w


@mistake(wse.ProgramError, "PE (0, 1): color red wakes task work", "Use two colors")
def a_task_and_an_operation_read_one_color() -> Wafer:
    """The first wavelet says how many follow, so I read it and let a task take the rest."""
    w, x, red = routed_row()

    @w[:, 1:].task(red)
    def work(pe: Any, wavelet: Any) -> None:
        pe.add(x.own[0], wavelet, out=x.own[0])

    w[:, 0].mov(x, out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x.own[0])
    w.run()
    return w


@mistake(wse.ProgramError, "host_in", "the host reaches only edges", "w[:, 0]")
def the_host_sends_into_the_middle() -> Wafer:
    """I send the data right to the PE that needs it."""
    w = Wafer(4, 4)
    w[2, 2].host_in(w.color("red"), np.ones(8))
    return w


@mistake(wse.Deadlock, "the host waits for color red", "PE (0, 0) has sent all its 40",
         "Try: n=40 in host_out, or let PE (0, 0) send 50")  # fmt: skip
def the_host_waits_for_more_than_comes() -> Wafer:
    """I ask for 50 values, and the program sends 40."""
    w, x, red = a_row()
    w[:, 0].route(red, RAMP >> EAST)
    w[:, 1:].route(red, WEST >> EAST)
    w[:, 0].mov(x, out=fabout(red))
    w[:, -1].host_out(red, 50, edge=EAST)
    return w


@mistake(wse.ProgramError, "expected 0 <= start <= stop <= its length")
def a_start_is_outside_the_memory() -> Wafer:
    """Each PE sends the part that begins at ten times its column."""
    w, x, red = routed_row()
    start = 10 * np.arange(4)[None, :]
    w[...].mov(x.own[start : start + 20], out=fabout(red))
    return w


# Programs of lesson 04, in which one PE is not like the others


def heads_of_groups(takes_and_sends: dict[int, tuple[str, str]], n: int = 64) -> Wafer:
    """The second phase of a two-phase reduce: each head adds what comes and sends it west."""
    heads = list(takes_and_sends)
    w = Wafer(1, heads[-1] + 4)
    x, colors = w.memory("x", n), {name: w.color(name) for name in ("even", "odd")}
    for before, head in zip([None, *heads], heads, strict=False):
        takes, sends = (colors.get(name) for name in takes_and_sends[head])
        if before is not None:
            w[0, head].route(sends, RAMP >> WEST)
            w[0, before + 1 : head].route(sends, EAST >> WEST)
        if takes:
            w[0, head].route(takes, EAST >> RAMP)
        out = x if before is None else fabout(sends)
        if takes:
            w[0, head].add(fabin(takes), x, out=out)
        else:
            w[0, head].mov(x, out=out)
    return w


@mistake(wse.Deadlock, "color odd", "leaves WEST", "PE (0, 4) there takes it from the RAMP",
         "Try: let PE (0, 8) send on color even, which PE (0, 4) takes from the EAST, not on odd",
         verify="not sent")  # fmt: skip
def the_last_head_sends_on_the_other_color() -> Wafer:
    """Even and odd groups swap the colors, and I gave the third group those of the second."""
    return heads_of_groups({0: ("odd", ""), 4: ("even", "odd"), 8: ("", "odd")})


@mistake(wse.Deadlock, "PE (0, 4)", "waits for a wavelet on color even",
         "Try: let PE (0, 8) send on color even, which PE (0, 4) takes from the EAST, not on odd",
         verify="not sent")  # fmt: skip
def the_last_head_sends_a_few_on_the_other_color() -> Wafer:
    """The same with short vectors, which fit into the queues: the one that waits is seen first."""
    return heads_of_groups({0: ("odd", ""), 4: ("even", "odd"), 8: ("", "odd")}, n=4)


@mistake(wse.Deadlock, "PE (0, 11) has no operation that reads color a; PE (0, 12) sends it 64",
         "Try: w[0, 11].mov(fabin(a), out=...), or let PE (0, 12) send nothing to it",
         verify="not read")  # fmt: skip
def a_head_without_members() -> Wafer:
    """13 PEs in groups of 4: the last group is one PE, which I treat like all heads."""
    w = Wafer(1, 13)
    x, total = w.memory("x", 64), w.memory("total", 64)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, 12].route(theirs, EAST >> RAMP)
    for first in range(0, 13, 4):
        last = min(first + 4, 13) - 1
        w[:, last].mov(x, out=fabout(mine))
        w[:, first + 1 : last].add(fabin(theirs), x, out=fabout(mine))
        w[:, first].add(fabin(theirs), x, out=total)
    return w


def levels(pes: int, pattern: str) -> Wafer:
    """A tree reduce, as in lesson 04, over a row that need not be a power of two."""
    w = Wafer(1, pes)
    x, s = w.memory("x", 8), 1
    while s < pes:
        c = w.color(pattern.format(s))
        w[:, s :: 2 * s].route(c, RAMP >> WEST)
        for k in range(1, s):
            w[:, k :: 2 * s].route(c, EAST >> WEST)
        w[:, :: 2 * s].route(c, EAST >> RAMP)
        w[:, s :: 2 * s].mov(x, out=fabout(c))
        w[:, :: 2 * s].add(fabin(c), x, out=x)
        s *= 2
    return w


@mistake(wse.Deadlock, "PE (0, 36) takes it from the EAST, beyond the edge",
         "Try: let PE (0, 36) take nothing from color over_1, or lead the color to it",
         verify="from over the edge")  # fmt: skip
def a_receiver_without_a_partner() -> Wafer:
    """A tree over 37 PEs: the last one has nobody who sends to it."""
    return levels(37, "over_{}")


@mistake(wse.Deadlock, "PE (0, 4)", "waits for a wavelet on color 'over 1'",
         "Try: let PE (0, 4) take nothing from color 'over 1', or lead the color to it",
         verify="from over the edge")  # fmt: skip
def a_color_of_two_words() -> Wafer:
    """The same over 5 PEs, with names as they are said aloud."""
    return levels(5, "over {}")


@mistake(wse.Deadlock, "PE (0, 0)", "add(fabin('from the east'), x, out=x)",
         "Try: w[0, 0].route(w.colors[0], EAST >> RAMP)",
         verify="not taken", mended=True)  # fmt: skip
def a_name_that_is_not_python() -> Wafer:
    """My color's name is two words and more, and I forgot the receiver's route."""
    w = Wafer(1, 2)
    x, c = w.memory("x", 4), w.color("from the east")
    w[0, 1].route(c, RAMP >> WEST)
    w[0, 1].mov(x, out=fabout(c))
    w[0, 0].add(fabin(c), x, out=x)
    return w


def test_a_third_color_is_told_from_two_that_are_mixed_up() -> None:
    """Where every second head has the colors the wrong way round, there is no one who did it."""
    w = heads_of_groups({0: ("odd", ""), 4: ("odd", "even"), 8: ("odd", "even"), 12: ("", "even")})
    found = {one.kind: one.mend for one in w.verify()}
    assert found["two senders"].startswith("let PE (0, 4) or PE (0, 8) send on another color;")


def test_of_two_who_do_not_fit_both_are_named() -> None:
    """The advice of `verify` names who takes in for nothing, not a port that nobody can name."""
    for write, pe in ((a_head_without_members, (0, 12)), (a_receiver_without_a_partner, (0, 32))):
        texts = [one.mend for one in write().verify()]
        assert any(f"let PE ({pe[0]}, {pe[1]}) take nothing from color" in one for one in texts)
        assert not any("... >> RAMP" in one for one in texts)


def test_it_is_run_twice() -> None:
    """I run it again, to see whether it gives the same: no error, but it says why nothing ran."""
    w, x, red = routed_row()
    w[:, 0].mov(x, out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x)
    assert w.run().cycles > 0
    again = w.run()
    assert again.cycles == 0
    assert "nothing to do was written after the last run; write it again" in repr(again)


def plain(text: str) -> str:
    """A message without the line that every failed run ends with."""
    return text.split("\n  The program stays recorded")[0]


def message(one: Mistake, engine: str | None = None) -> str:
    """Write and run a program; gives the message of the error that it must end in."""
    with pytest.raises(one.error) as caught:
        one.write().run(engine=engine, max_cycles=100 if one.error is wse.StillRunning else None)
    return plain(str(caught.value))


def test_there_are_more_than_thirty() -> None:
    """And each says in its author's words what went wrong."""
    assert len(MISTAKES) > 30
    assert all(one.write.__doc__ for one in MISTAKES.values())


@pytest.mark.parametrize("name", MISTAKES)
def test_it_ends_in_the_right_error_within_a_second(name: str) -> None:
    """Right when it is written or when it is run; none hangs."""
    start = time.process_time()
    message(MISTAKES[name])
    assert time.process_time() - start < SECOND


@pytest.mark.parametrize("name", MISTAKES)
def test_the_message_says_where_what_and_what_to_try(name: str) -> None:
    """PE, color and reason, in this order, and the advice."""
    text, at = message(MISTAKES[name]), 0
    for words in MISTAKES[name].says:
        found = re.compile("|".join(map(re.escape, words.split("|")))).search(text, at)
        assert found, f"{words!r} is not in\n{text[at:]}"
        at = found.end()


@pytest.mark.parametrize("engine", ["reference", "lockstep"])
@pytest.mark.parametrize("name", MISTAKES)
def test_every_engine_says_the_same(name: str, engine: str) -> None:
    """The message does not depend on who ran the program."""
    assert message(MISTAKES[name], engine) == message(MISTAKES[name])


@pytest.mark.parametrize("name", [name for name, one in MISTAKES.items() if one.verify])
def test_verify_knows_it_before_it_runs(name: str) -> None:
    """The first finding is the mistake itself, and says what to try."""
    first = MISTAKES[name].write().verify()[0]
    assert first.kind == MISTAKES[name].verify
    assert f"PE ({first.pe[0]}, {first.pe[1]})" in first.text
    assert first.color in first.text
    assert first.mend


@pytest.mark.parametrize("name", [name for name, one in MISTAKES.items() if one.mended])
def test_who_does_what_it_says_gets_a_program_that_runs(name: str) -> None:
    """The advice is code: pasted, once for each PE that it names, it mends the program."""
    w = MISTAKES[name].write()
    for _ in range(3):
        try:
            w.run()
            return
        except wse.Deadlock as error:
            advice = re.findall(r"Try: (w\[.*?\))(?:, or .*)?$", str(error), re.MULTILINE)[0]
        exec(advice, {**vars(wse), "w": w, **{color.name: color for color in w.colors}})
    pytest.fail("three pieces of advice were not enough")
