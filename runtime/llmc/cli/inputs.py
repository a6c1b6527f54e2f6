"""Inputs from the command line: `--input name=value`."""

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING

from llmc.cli.outcome import fail

if TYPE_CHECKING:
    from llmc import Json, Parameter


def read_inputs(
    given: Sequence[str], parameters: "Iterable[Parameter]", secret: Container[str] = ()
) -> "dict[str, Json]":
    """The values of inputs, or the end with what is wrong: text as it is for `str`, JSON for every other type.

    What was given for the `secret` ones is not shown.
    """
    from llmc_compiler.inputs import read_text

    types = {parameter.name: parameter.type for parameter in parameters}
    values: dict[str, Json] = {}
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals:
            fail(f"`--input {pair}` has no value: write `--input {pair}=…`")
        if name in values:
            fail(f"input `{name}` is given twice")
        if name not in types:
            known = ", ".join(f"`{other}`" for other in types) or "none"
            fail(f"the plan has no input `{name}`; its inputs are: {known}")
        try:
            values[name] = read_text(text, types[name])
        except ValueError as error:
            fail(f"input `{name}`: {'what was given is not of its type' if name in secret else error}")
    return values
