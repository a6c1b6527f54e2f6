"""Inputs on the command line: `--input name=value`, or `--input @file.json` with an object of inputs."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from llmc.cli.arguments.plan_arguments import STDIN
from llmc.cli.terminal.output import fail, reason

if TYPE_CHECKING:
    from llmc import Json, Parameter
    from llmc_grammar.ast import Type

_LARGEST: Final = 16 * 1024 * 1024
"""The maximum size of a file of inputs in bytes."""

_FILE: Final = "@"
_UNSHOWN: Final = "the value is not of its type"
_LONGEST_NAME: Final = 80


def read_inputs(
    given: Sequence[str], parameters: "Iterable[Parameter]", secret: Collection[str] = (), plan: str = ""
) -> "dict[str, Json]":
    """Return the values of inputs, or exit with a message; `plan` is the plan's file.

    The text after `name=` is used unchanged for `str`, and read as JSON for every other type. Values in a file are
    JSON. Messages do not show the values of `secret` inputs.
    """
    from llmc_compiler.expressions.input_types import read_text

    types = {parameter.name: parameter.type for parameter in parameters}
    values: dict[str, Json] = {}
    for pair in given:
        if pair.startswith(_FILE):
            found = _from_file(pair.removeprefix(_FILE), plan)
            for name, value in found.items():
                _check_name(name, types, values)
                _check_type(name, value, types[name], is_secret=name in secret)
            values |= found
            continue
        name, equals, text = pair.partition("=")
        if not equals:
            words = "…" if secret else pair  # it may be the secret
            fail(f"`--input {words}` has no value: write `--input {'NAME' if secret else pair}=…`")
        _check_name(name, types, values)
        try:
            values[name] = read_text(text, types[name])
        except ValueError as error:
            fail(f"input `{name}`: {_UNSHOWN if name in secret else error}")
    return values


def _check_name(name: str, known: Mapping[str, object], given: Container[str]) -> None:
    """Exit with a message for an input that the plan does not have, or that is given twice."""
    if name in given:
        _fail_twice(name)
    if name not in known:
        from llmc_grammar.suggestion import suggest

        inputs = ", ".join(f"`{other}`" for other in known) or "none"
        hint = suggest(name[:_LONGEST_NAME], known, f"its inputs are: {inputs}")
        fail(f"the plan has no input `{_short(name)}`; {hint}")


def _check_type(name: str, value: "Json", wanted: "Type", *, is_secret: bool) -> None:
    """Exit with a message for a value that is not of its input's type."""
    from llmc.cli.terminal.sanitize import shown_value
    from llmc_compiler.expressions.input_types import describe, fits

    if not fits(value, wanted):
        words = _UNSHOWN if is_secret else f"{shown_value(value, _LONGEST_NAME)} is not of type `{describe(wanted)}`"
        fail(f"input `{name}`: {words}")


def _fail_twice(name: str) -> NoReturn:
    """Exit with a message for an input that is given twice."""
    fail(f"input `{_short(name)}` is given twice")


def _short(name: str) -> str:
    """Return the name, shortened if it is long."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _from_file(path: str, plan: str) -> "dict[str, Json]":
    """Return the inputs in a JSON file, or exit with a message that does not show their values."""
    from llmc_compiler.expressions.input_types import read_json, repeated_names
    from llmc_runtime.input_files import read_input, read_stdin, require_size

    if not path:
        fail("`--input @` does not name a file: write `--input @inputs.json`, or `--input @-` for standard input")
    if path == plan == STDIN:
        fail("standard input is already the plan: put the inputs in a file")
    name = "<stdin>" if path == STDIN else path
    try:
        data = read_stdin(_LARGEST + 1) if path == STDIN else read_input(path, _LARGEST)
        require_size(data, _LARGEST)
    except OSError as error:
        fail(f"{name}: {reason(error)}")
    try:
        text = data.decode("utf-8-sig")
        inputs = read_json(text)
        repeated = repeated_names(text)
    except (ValueError, RecursionError) as error:
        fail(f"{name}: the inputs are not JSON{_place(error)}")
    if not isinstance(inputs, dict):
        fail(f'{name}: the inputs must be a JSON object, such as {{"city": "Oslo"}}')
    for each in repeated:
        _fail_twice(each)
    return inputs


def _place(error: Exception) -> str:
    """Return the position of a JSON error, if known; the error's message is not shown, since it may quote the text."""
    from json import JSONDecodeError

    return f" (line {error.lineno}, column {error.colno})" if isinstance(error, JSONDecodeError) else ""
