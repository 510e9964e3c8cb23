"""One measurement beside what is computed for it."""

from __future__ import annotations

from dataclasses import dataclass

from ...specs import Chip, Fact

#: How a number was come by, from the strongest to the weakest.
WAYS = {
    "run": "the program was run on the emulator; the closed form stands beside it",
    "form": "a closed form alone: no program of this kind is here",
    "bound": "no kernel is modelled: the time that memory alone would take, which nothing can beat",
    "arithmetic": "counting; it tests our inputs, not a model of a machine",
}


@dataclass(frozen=True)
class Row:
    """One measurement and what was computed for it.

    Parameters
    ----------
    id : str
        "V2-8": a key of `PUBLISHED`, with a word behind it where two models meet one measurement.
    what : str
        What was measured, in a line.
    published : Fact
        What the source says; ours are in its unit.
    predicted : (float, float)
        The closed form, lowest and highest: equal but where an input is a range.
    way : str
        One of `WAYS`.
    assumed : tuple of str
        What the source leaves open, and the constants that nobody has measured.
    emulated : float, optional
        What the emulator gave, where it ran.
    remark : str
        What to know of the difference.
    counted : str
        What a value without a unit counts.
    """

    id: str
    what: str
    published: Fact
    predicted: tuple[float, float]
    way: str
    assumed: tuple[str, ...] = ()
    emulated: float | None = None
    remark: str = ""
    counted: str = ""

    @property
    def errors(self) -> tuple[float, float]:
        """Percent that the prediction is above what was published, at its two ends."""
        low, high = (100 * (value / self.published.value - 1) for value in self.predicted)
        return low, high

    @property
    def emulated_error(self) -> float | None:
        """Percent that the emulated value is above what was published; None where none ran."""
        if self.emulated is None:
            return None
        return 100 * (self.emulated / self.published.value - 1)


def inputs(chip: Chip, *fields: str) -> tuple[str, ...]:
    """Constants of a chip, as texts with how far each is to be trusted."""
    facts = ((field, chip.fact(field)) for field in fields)
    return tuple(f"{chip.name} {name} = {f.text} {f.unit} ({f.status})" for name, f in facts)
