"""One PE in one cycle of a trace: what it is at, what stands in its queues, why it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..explain.standing import Place, Reason, Waiting, count, elements, name
from ..operations import Operation
from ..ports import Route
from .cells import DOING

if TYPE_CHECKING:
    from .frames import Frame

PLACES = ("out", "link", "queue", "in", "inbox")


class PEFrame:
    """One PE in one cycle of a trace."""

    def __init__(self, frame: Frame, place: Place, local: int):
        self.frame, self.place, self._local = frame, place, local

    @property
    def doing(self) -> str:
        """What it does in this cycle, one of `DOING`."""
        return DOING[int(self.frame("doing")[0, self._local])]

    @property
    def number(self) -> int | None:
        """The number of the operation that it is at or begins next; None where none is left."""
        number = int(self.frame("operation")[0, self._local]) - 1
        return None if number < 0 else number

    @property
    def operation(self) -> Operation | None:
        """The operation that it is at or begins next."""
        return None if self.number is None else self.frame.program.operations[self.number]

    @property
    def line(self) -> str:
        """Where its operation was written, as file:line; "" where it has none."""
        return self.operation.line if self.operation else ""

    @property
    def woken_by(self) -> float | None:
        """The value of the wavelet that woke the task that it runs; None where it runs none."""
        if self.number is None or self.number in self.frame.program.main:
            return None
        return float(self.frame("woke")[0, self._local : self._local + 1].view(np.float32)[0])

    @property
    def threads(self) -> list[Operation]:
        """The operations that run as microthreads, by lane."""
        lanes = self.frame("thread")[:, self._local].tolist()
        return [self.frame.program.operations[one - 1] for one in lanes if one]

    def handled(self, number: int | None = None) -> tuple[int, int]:
        """Elements done of its operation, or of a microthread by its number; and of how many."""
        number = self.number if number is None else number
        if number is None:
            return 0, 0
        state, total = self.frame.state, self._elements(number)
        for lane, one in enumerate(state.threads):
            if one[self.place] == number:
                return int(state.threads_handled[lane][self.place]), total
        if number != self.number:
            raise ValueError(f"{name(self.place)} is not at operation {number} in this cycle")
        return int(state.handled[self.place]), total

    def _elements(self, number: int) -> int:
        return elements(self.frame.program.operations[number], self.place)

    @property
    def reasons(self) -> dict[str, Reason]:
        """Why each operation that it is at does not go on, by the operation's text.

        Of a PE that sleeps: why the first of its tasks is not woken.
        """
        operations, found = self.frame.program.operations, {}
        lanes = [int(one) - 1 for one in self.frame("thread")[:, self._local] if one]
        asked: list[tuple[str, Waiting]] = []
        if self.number is not None:
            asked.append((str(operations[self.number]), Waiting("operation", self.place)))
        for number in lanes:
            thing = Waiting("operation", self.place, None, number)
            asked.append((str(operations[number]), thing))
        if not asked:
            for task in self.frame.explainer.tasks(self.place)[:1]:
                asked.append((f"task {task.name}", Waiting("task", self.place, task.color)))
        for text, thing in asked:
            if reason := self.frame.why(thing):
                found[text] = reason
        return found

    @property
    def why(self) -> str:
        """Why it waits, in words; "" where nothing keeps it."""
        return next((reason.text for reason in self.reasons.values()), "")

    @property
    def routes(self) -> dict[str, Route]:
        """The route that each color in its router follows which enters now, by the color's name."""
        found = {}
        for color in self.frame.program.colors:
            if route := self.frame.explainer.entering(self.place, color):
                found[color.name] = route
        return found

    def wavelets(self, color: str, place: str = "queue") -> list[float]:
        """The values in a place ("out", "link", "queue", "in", "inbox") of a color, by slot."""
        numbers = {one.name: one.number for one in self.frame.program.colors}
        if color not in numbers or place not in PLACES:
            raise ValueError(f"wavelets({color!r}, {place!r}): a color is {', '.join(numbers)}; "
                             f"a place is {', '.join(PLACES)}")  # fmt: skip
        node = self.frame.trace.cells.node_of[numbers[color], self._local]
        ids = self.frame(place)[:, node] if node >= 0 else np.zeros(0, np.int64)
        return self.frame.trace.wavelets["value"][ids[ids > 0] - 1].tolist()

    @property
    def memory(self) -> dict[str, np.ndarray]:
        """Its memory at the start of this cycle, by name; empty where the trace holds none."""
        trace = self.frame.trace
        writes = trace._writes[: self.frame.cycle - trace.first]
        mine = [one[1:, one[0] == self._local] for one in writes]
        at, how = np.concatenate([np.zeros((2, 0), np.uint32), *mine], axis=1)
        found = {}
        for memory, kept in trace.memories.items():
            values = kept.initial[self._local].copy()
            bits = values.view(f"u{values.itemsize}")
            chosen = (at >= kept.start) & (at < kept.start + len(values))
            np.bitwise_xor.at(bits, at[chosen] - kept.start, how[chosen].astype(bits.dtype))
            found[memory] = values.reshape(kept.shape)
        return found

    def _head(self) -> str:
        """What it does; of one whose microthreads alone are busy, also that it waits."""
        main = self.frame.why(Waiting("operation", self.place)) if self.number is not None else None
        if self.doing != "busy" or main is None or main.kind == "counting":
            return self.doing
        return f"busy with a microthread while its main operation waits ({main.kind})"

    def __repr__(self) -> str:
        operation = self.operation
        done, total = self.handled()
        what = f"at {operation} ({self.line}), {done} of {count(total, 'element')} done"
        lines = [f"{name(self.place)} in cycle {self.frame.cycle:,}, {self._head()}: "
                 + (what if operation else "nothing left to begin")]  # fmt: skip
        if self.woken_by is not None:
            lines.append(f"  woken by {self.woken_by:g}")
        for number in (int(one) - 1 for one in self.frame("thread")[:, self._local] if one):
            done, total = self.handled(number)
            thread = self.frame.program.operations[number]
            lines.append(f"  beside: {thread} ({thread.line}), {done} of {total} elements done")
        lines += [f"  {reason.text}" for reason in self.reasons.values()]
        for color, route in self.routes.items():
            held = [(place, self.wavelets(color, place)) for place in PLACES]
            shown = ", ".join(f"{place} {values}" for place, values in held if values)
            lines.append(f"  color {color}, {route}" + (f": {shown}" if shown else ""))
        return "\n".join(lines)
