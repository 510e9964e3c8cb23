"""The five ports of a router, and routes between them.

A route says where the wavelets of one color enter a router and where they leave it::

    >>> WEST >> (RAMP, EAST)
    WEST >> (RAMP, EAST)

reads "in from the west; a copy to the processor, and on to the east".
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ProgramError

ONE_INPUT = "expected one input port and its outputs, IN >> OUT or IN >> (OUT, OUT)"


class Port:
    """One of the five ports of a router; ``IN >> OUT`` makes a `Route`.

    ``number`` orders the ports, ``step`` is the (row, column) step to the neighbour behind the
    port (``None`` for the ramp, which leads to the PE's own processor).
    """

    def __init__(self, name: str, number: int, step: tuple[int, int] | None):
        self.name, self.number, self.step = name, number, step
        self.bit = 1 << number

    def __rshift__(self, outputs: Port | tuple[Port, ...]) -> Route:
        return Route(self, outputs if isinstance(outputs, tuple) else (outputs,))

    def __rrshift__(self, inputs: object) -> Route:
        raise ProgramError(f"{inputs!r} >> {self}: {ONE_INPUT}")

    def __lshift__(self, other: object) -> Route:
        raise ProgramError(f"{self} << {other!r}: {ONE_INPUT}")

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:  # the five ports exist once, also after copying or pickling
        return self.name


NORTH = Port("NORTH", 0, (-1, 0))
EAST = Port("EAST", 1, (0, 1))
SOUTH = Port("SOUTH", 2, (1, 0))
WEST = Port("WEST", 3, (0, -1))
RAMP = Port("RAMP", 4, None)

LINKS = (NORTH, EAST, SOUTH, WEST)
PORTS = (*LINKS, RAMP)


def opposite(port: Port) -> Port:
    """The port at the other end of a link.

    >>> opposite(EAST)
    WEST
    """
    return LINKS[(port.number + 2) % 4]


@dataclass(frozen=True)
class Route:
    """One input port and one or more output ports of a router, for one color."""

    input: Port
    outputs: tuple[Port, ...]

    def __post_init__(self) -> None:
        good = bool(self.outputs) and all(isinstance(port, Port) for port in self.outputs)
        if not good:
            raise ProgramError(
                f"route: the outputs are {self.outputs!r}; expected one port or a tuple of ports, "
                "such as WEST >> RAMP or WEST >> (RAMP, EAST)"
            )
        if len(set(self.outputs)) < len(self.outputs):
            raise ProgramError(f"route {self}: an output port stands there twice; name each once")
        if self.input in self.outputs:
            raise ProgramError(
                f"route {self}: a wavelet cannot leave by the port it came in; "
                "expected outputs other than the input"
            )

    def __rshift__(self, other: object) -> Route:
        raise ProgramError(f"{self} >> {other!r}: {ONE_INPUT}")

    @property
    def output_bits(self) -> int:
        """The outputs as a number with bit ``port.number`` set for each."""
        return sum(port.bit for port in self.outputs)

    def __repr__(self) -> str:
        outputs = ", ".join(port.name for port in self.outputs)
        return f"{self.input.name} >> " + (f"({outputs})" if len(self.outputs) > 1 else outputs)


def ports_of(bits: int) -> tuple[Port, ...]:
    """The ports whose bits are set in ``bits``, in the order of their numbers.

    >>> ports_of(EAST.bit | RAMP.bit)
    (EAST, RAMP)
    """
    return tuple(port for port in PORTS if bits & port.bit)
