"""A chip: a name and its facts, readable as plain attributes, never without their sources."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from .fact import Fact

#: The source of every value that a caller changed with ``Chip.what_if``.
WHAT_IF = "what-if of the caller"

_SHAPES = {
    "fabric_shape": ("fabric_rows", "fabric_columns"),
    "user_shape": ("user_rows", "user_columns"),
}


class Chip:
    """What is known of one chip or system: named facts in a fixed order.

    ``chip.clock_hz`` is the plain value, ``chip.fact("clock_hz")`` the value with unit, source
    and status, ``chip.facts`` all of them. A chip never changes; ``what_if`` makes another one.
    A field that the chip does not have is one that nobody published: there are no zeros or Nones
    that stand for "unknown".

    Parameters
    ----------
    name : str
        What people call it: "WSE-2".
    facts : mapping of str to Fact
        The fields, in the order in which tables show them. A name carries its unit
        (``clock_hz``), is an identifier, and has no leading underscore.

    Raises
    ------
    TypeError
        A field is a bare value instead of a Fact.
    ValueError
        The name is empty, or a field's name cannot be an attribute.

    Examples
    --------
    >>> chip = Chip("Toy", {"clock_hz": Fact(1e9, "Hz", "a toy", "assumed", "round number")})
    >>> chip
    Chip('Toy', 1 fact)
    >>> chip.clock_hz
    1000000000.0
    >>> chip.fact("clock_hz").unit
    'Hz'
    >>> Chip("Toy", {"clock_hz": 1e9})
    Traceback (most recent call last):
        ...
    TypeError: field 'clock_hz' of chip 'Toy' is a bare float: got 1000000000.0; expected a Fact; \
try Fact(1000000000.0, unit=..., source=..., status=...)
    """

    __slots__ = ("_facts", "_name")

    _facts: Mapping[str, Fact]
    _name: str

    def __init__(self, name: str, facts: Mapping[str, Fact]) -> None:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(
                f"a chip has no name: got {name!r}; expected a text such as 'WSE-2'; "
                "try Chip('my chip', facts)"
            )
        for field, fact in facts.items():
            _check_field(name, field, fact)
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_facts", MappingProxyType(dict(facts)))

    @property
    def name(self) -> str:
        """What people call the chip.

        Examples
        --------
        >>> Chip("Toy", {}).name
        'Toy'
        """
        return self._name

    @property
    def facts(self) -> Mapping[str, Fact]:
        """All fields with their facts, in order; read-only.

        Examples
        --------
        >>> from wselab.specs import WSE1, WSE2
        >>> WSE2.facts["core_area_mm2"].status
        'second'
        >>> "user_rows" in WSE1.facts
        False
        """
        return self._facts

    @property
    def fabric_shape(self) -> tuple[int, int]:
        """Rows and columns of the programmed fabric, in PEs; row 0 is north.

        Raises
        ------
        AttributeError
            No fabric is known of this chip.

        Examples
        --------
        >>> from wselab.specs import WSE2
        >>> WSE2.fabric_shape
        (996, 757)
        """
        return self.fabric_rows, self.fabric_columns

    @property
    def user_shape(self) -> tuple[int, int]:
        """Rows and columns of the largest rectangle that a program gets, in PEs.

        It is smaller than the fabric, because the host's own PEs lie around it.

        Raises
        ------
        AttributeError
            No user rectangle is known of this chip.

        Examples
        --------
        >>> from wselab.specs import WSE2
        >>> WSE2.user_shape
        (994, 750)
        """
        return self.user_rows, self.user_columns

    def fact(self, field: str) -> Fact:
        """The fact behind one field: value, unit, source, status, note.

        Raises
        ------
        AttributeError
            The chip has no such field; the message lists the closest names.

        Examples
        --------
        >>> from wselab.specs import WSE2
        >>> WSE2.fact("ramp_latency_cycles").status
        'seen'
        """
        if field not in self._facts:
            raise AttributeError(self._unknown(field))
        return self._facts[field]

    def what_if(self, **values: Any) -> "Chip":
        """The same chip with some values changed; each change is marked as assumed.

        Units stay. Only the named fields change: a figure that the vendor computed from them
        (a bandwidth from a clock) stays the vendor's.

        Parameters
        ----------
        **values : int, float, str or tuple
            New plain values by field name, each in the unit of its field.

        Raises
        ------
        ValueError
            A field is unknown (the closest names are listed), or a value is not what a fact of
            this field can hold.

        Examples
        --------
        >>> from wselab.specs import WSE2
        >>> fast = WSE2.what_if(clock_hz=1.1e9)
        >>> fast.clock_hz, fast.fact("clock_hz").status, WSE2.clock_hz
        (1100000000.0, 'assumed', 850000000.0)
        >>> print(fast.fact("clock_hz").note)
        Instead of 8.5e+08 Hz (seen: Cerebras SDK, benchmark programs).
        """
        changed = dict(self._facts)
        for field, value in values.items():
            if field not in changed:
                raise ValueError(self._unknown(field))
            old = changed[field]
            if isinstance(value, str) != isinstance(old.value, str):
                kind = "a text" if isinstance(old.value, str) else "a number or a range"
                raise ValueError(
                    f"what_if cannot set {field!r} of chip {self._name!r} to {value!r}: expected "
                    f"{kind}, in {old.unit}; try what_if({field}={old.value!r})"
                )
            try:
                changed[field] = Fact(value, old.unit, WHAT_IF, "assumed", f"Instead of {old}.")
            except ValueError as error:
                raise ValueError(
                    f"what_if cannot set {field!r} of chip {self._name!r}: {error}"
                ) from None
        return type(self)(self._name, changed)

    def _unknown(self, field: str) -> str:
        """The message for a field that this chip does not have."""
        if field in _SHAPES:
            parts = " and ".join(_SHAPES[field])
            if self._facts.keys() >= set(_SHAPES[field]):
                return (
                    f"{field} of chip {self._name!r} is not a fact of its own: expected the "
                    f"fields it is made of; try {parts}, or read chip.{field}"
                )
            return (
                f"chip {self._name!r} has no {field}: it is made of the fields {parts}, and no "
                "source for this chip gives them; try a chip that has them, such as WSE-2"
            )
        import difflib  # late: only mistakes need it, and every import would pay for it

        close = difflib.get_close_matches(str(field), self._facts, n=3, cutoff=0.5)
        names = ", ".join(close or self._facts) or "none, this chip has no facts"
        return (
            f"chip {self._name!r} has no field {field!r}: expected one of its facts; "
            f"{'closest names' if close else 'its names'}: {names}; try list(chip.facts)"
        )

    def __getattr__(self, field: str) -> Any:
        # Python asks here only for what is neither a slot nor a method, nor a shape that is known.
        # Underscores end at once: copy and pickle ask for such names before the slots are filled.
        if field.startswith("_"):
            raise AttributeError(field)
        return self.fact(field).value

    def __setattr__(self, field: str, value: object) -> None:
        raise AttributeError(
            f"chip {self._name!r} cannot change: {field!r} was to become {value!r}; "
            f"expected no assignment; try other = chip.what_if({field}=...)"
        )

    def __delattr__(self, field: str) -> None:
        raise AttributeError(
            f"chip {self._name!r} cannot lose {field!r}: expected no deletion; "
            "try Chip(name, facts) with the facts you want"
        )

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self._facts]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Chip):
            return NotImplemented
        return self._name == other._name and self._facts == other._facts

    def __hash__(self) -> int:
        return hash((self._name, frozenset(self._facts.items())))

    def __reduce__(self) -> tuple[type["Chip"], tuple[str, dict[str, Fact]]]:
        return type(self), (self._name, dict(self._facts))

    def __repr__(self) -> str:
        count = len(self._facts)
        changes = [f"{k}={f.text}" for k, f in self._facts.items() if f.source == WHAT_IF]
        what_if = f", what if {', '.join(changes)}" if changes else ""
        kind, plural = type(self).__name__, "" if count == 1 else "s"
        return f"{kind}({self._name!r}, {count} fact{plural}{what_if})"

    def __str__(self) -> str:
        width = max(map(len, self._facts), default=0)
        return "\n".join([self._name, *(f"  {k:{width}}  {f}" for k, f in self._facts.items())])

    def _repr_html_(self) -> str:
        from html import escape  # late, like difflib: a script never draws tables

        head = "".join(
            f'<th scope="col">{h}</th>' for h in ("field", "value", "unit", "status", "source")
        )
        rows = "".join(_html_row(field, fact) for field, fact in self._facts.items())
        return (
            f"<table><caption>{escape(self._name)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


def _check_field(name: str, field: str, fact: object) -> None:
    """Refuse a bare value, and a field name that attribute access could not reach."""
    if not isinstance(fact, Fact):
        raise TypeError(
            f"field {field!r} of chip {name!r} is a bare {type(fact).__name__}: got {fact!r}; "
            f"expected a Fact; try Fact({fact!r}, unit=..., source=..., status=...)"
        )
    if not isinstance(field, str) or not field.isidentifier() or field.startswith("_"):
        raise ValueError(
            f"chip {name!r} cannot have a field named {field!r}: expected an identifier without "
            "leading underscore; try a name like 'clock_hz'"
        )
    if hasattr(Chip, field):
        raise ValueError(
            f"chip {name!r} cannot have a field named {field!r}: every chip has something else of "
            f"this name; try 'chip_{field}'"
        )


def _html_row(field: str, fact: Fact) -> str:
    from html import escape

    note = f"<br><small>{escape(fact.note)}</small>" if fact.note else ""
    cells = "".join(f"<td>{escape(t)}</td>" for t in (fact.text, fact.unit, fact.status))
    return f'<tr><th scope="row">{field}</th>{cells}<td>{escape(fact.source)}{note}</td></tr>'
