"""Which parts of results are new: they count against the memory of a run."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from llmc_compiler.expressions.functions.standard_function import StandardFunction
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.operators import OperandError
from llmc_compiler.expressions.terms import Json
from tests.compiler.functions.inputs import INPUTS, drawn


def texts(value: Json) -> Iterator[str]:
    """The texts inside a value, keys too; those of one character are shared by Python."""
    if isinstance(value, str):
        yield from (value,) if len(value) > 1 else ()
    elif isinstance(value, (list, dict)):
        for each in value if isinstance(value, list) else (*value, *value.values()):
            yield from texts(each)


def uncounted(function: StandardFunction) -> list[str]:
    """Texts inside results that are neither parts of the arguments nor counted as new."""
    found: list[str] = []
    for number in range(INPUTS):
        arguments = drawn(function.name, number)
        try:
            result = function.call(arguments)
        except OperandError:
            continue
        if isinstance(result, (list, dict)) and not function.builds_contents:
            given = {id(text) for _, value in arguments for text in texts(value)}
            found += (text for text in texts(result) if id(text) not in given)
    return found


@pytest.mark.no_cover
@pytest.mark.parametrize("name", FUNCTIONS)
def test_new_texts_are_counted(name: str) -> None:
    """A result has texts of the arguments alone, or says that its contents are new."""
    assert not uncounted(FUNCTIONS[name])


@pytest.mark.parametrize("name", ["split", "lines", "parse_json"])
def test_texts_that_are_not_counted_are_seen(name: str) -> None:
    """The control: without the mark, their texts are found."""
    assert FUNCTIONS[name].builds_contents
    assert uncounted(replace(FUNCTIONS[name], builds_contents=False))
