"""The operations that regions have, and the PEs that wake in a task."""

from __future__ import annotations

from typing import Any

from .errors import ProgramError
from .operations import FabOut


class Operating:
    """What has operations, which handle element after element.

    Their operands are memory (``x``), a part of it (``x.own[1:-1]``, or with arrays of one number a
    PE ``x.own[start : start + n]``), a number, or a stream, ``fabin(color)``; ``out`` is memory, a
    part of it, or ``fabout(color)``. Lengths must agree; where no operand has one, ``n`` says how
    many elements: a number, or an array with one for each PE of the region. With
    ``microthread=True`` an operation on a stream runs beside those written after it; one of these
    waits only if it uses the same stream, or memory that one of the two writes.
    """

    def _record(self, kind: str, inputs: tuple[Any, ...], out: Any, n: Any, beside: bool) -> None:
        raise NotImplementedError

    def mov(self, a: Any, *, out: Any = None, n: Any = None, microthread: bool = False) -> None:
        """``out[i] = a[i]``: copy memory, send it, or take in a stream."""
        self._record("mov", (a,), out, n, microthread)

    def add(
        self, a: Any, b: Any, *, out: Any = None, n: Any = None, microthread: bool = False
    ) -> None:
        """``out[i] = a[i] + b[i]``."""
        self._record("add", (a, b), out, n, microthread)

    def mul(
        self, a: Any, b: Any, *, out: Any = None, n: Any = None, microthread: bool = False
    ) -> None:
        """``out[i] = a[i] * b[i]``."""
        self._record("mul", (a, b), out, n, microthread)

    def max(
        self, a: Any, b: Any, *, out: Any = None, n: Any = None, microthread: bool = False
    ) -> None:
        """``out[i] = a[i] if a[i] > b[i] else b[i]`` (a NaN in either gives NaN)."""
        self._record("max", (a, b), out, n, microthread)

    def mac(
        self,
        a: Any,
        b: Any,
        *,
        out: Any = None,
        acc: Any = None,
        n: Any = None,
        microthread: bool = False,
    ) -> None:
        """``out[i] = acc[i] + a[i] * b[i]``, rounded twice; ``acc`` is ``out`` unless given."""
        if acc is None and isinstance(out, FabOut):
            raise ProgramError(f"mac: out={out} cannot be added to; give acc=")
        self._record("mac", (a, b, out if acc is None else acc), out, n, microthread)
