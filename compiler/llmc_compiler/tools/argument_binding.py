"""Binding of arguments to parameters, decided by names alone."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from llmc_grammar.frozen_data import frozen


@frozen
class Shape:
    """The parameters of a tool by name.

    `positional` parameters take positional arguments, in order; `named` ones may be given by name. `more_positional`
    and `more_named` say whether the tool takes any number of further arguments. Those may not have one of the
    `reserved` names, which the tool fills itself. `aliases` are other names of parameters.
    """

    positional: tuple[str, ...]
    named: frozenset[str]
    required: tuple[str, ...]
    more_positional: bool = False
    more_named: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict, compare=False)
    reserved: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        """Whether an argument may go to a parameter of this name."""
        is_parameter = name in self.named or name in self.positional
        return is_parameter or (self.more_named and name not in self.reserved)


ANYTHING = Shape((), frozenset(), (), more_positional=True, more_named=True)


@frozen
class ExtraPositional:
    """A positional argument without a parameter."""

    index: int


@frozen
class UnknownParameter:
    """A keyword that is not the name of a parameter."""

    index: int
    name: str


@frozen
class RepeatedParameter:
    """A keyword for a parameter that has a positional argument."""

    index: int
    name: str


@frozen
class MissingParameter:
    """A required parameter without an argument."""

    name: str


Misfit = ExtraPositional | UnknownParameter | RepeatedParameter | MissingParameter


def _may_be_named(shape: Shape, name: str) -> bool:
    """Whether an argument may have this name: not if the parameter is positional-only or already bound."""
    return name in shape.named or (name not in shape.positional and shape.has(name))


def bind(shape: Shape, names: Sequence[str | None]) -> tuple[tuple[str | None, ...], tuple[Misfit, ...]]:
    """Return the parameter of each argument (None: one more positional argument), and the misfits.

    `names` has an argument's keyword, or None for a positional one; positional ones come first.
    """
    bound: list[str | None] = []
    misfits: list[Misfit] = []
    for index, written in enumerate(names):
        name = written if written is None else shape.aliases.get(written, written)
        if name is None and index < len(shape.positional):
            bound.append(shape.positional[index])
            continue
        if name is None and not shape.more_positional:
            misfits.append(ExtraPositional(index))
        elif name is not None and name in bound:
            misfits.append(RepeatedParameter(index, name))
        elif name is not None and not _may_be_named(shape, name):
            misfits.append(UnknownParameter(index, name))
        bound.append(name)
    misfits.extend(MissingParameter(name) for name in shape.required if name not in bound)
    return tuple(bound), tuple(misfits)
