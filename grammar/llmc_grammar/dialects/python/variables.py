"""The values of variables in Python code, and steps into them."""

from llmc_grammar.frozen_data import frozen
from llmc_grammar.portable import Portable

Scalar = str | int | float | bool | None


class NotOfTheFormError(Portable, Exception):
    """Code that is not a plan."""


@frozen
class Constant:
    """A literal value."""

    value: Scalar


@frozen
class Result:
    """The result of a task, or a part of it; in a loop, an element by its name."""

    target: int | str
    path: tuple[str | int, ...] = ()

    @property
    def is_element(self) -> bool:
        """Whether the value is an element of a loop, or a part of one."""
        return isinstance(self.target, str)


@frozen
class ConstantItems:
    """A list of values."""

    items: tuple["Bound", ...]


Bound = Constant | Result | ConstantItems
"""The value of a variable."""


def step_into(bound: Bound, step: str | int) -> Bound:
    """Return a part of a value."""
    match bound:
        case Result(target=target, path=path):
            return Result(target, (*path, step))
        case ConstantItems(items=items) if isinstance(step, int) and -len(items) <= step < len(items):
            return items[step]
        case _:
            raise NotOfTheFormError
