"""Inputs from the command line: `--input name=value`, or `--input @file.json` with a mapping of inputs."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NoReturn

from llmc.cli.arguments.plans import STDIN
from llmc.cli.terminal.output import fail, reason

if TYPE_CHECKING:
    from llmc import Json, Parameter
    from llmc_grammar.ast import Type

_LARGEST: Final = 16 * 1024 * 1024
"""Bytes that a file of inputs may have."""

_FILE: Final = "@"
_UNSHOWN: Final = "what was given is not of its type"
_LONGEST_NAME: Final = 80


def read_inputs(
    given: Sequence[str], parameters: "Iterable[Parameter]", secret: Collection[str] = (), plan: str = ""
) -> "dict[str, Json]":
    """Return the values of inputs, or end with what is wrong; `plan` is the file of the plan.

    Behind `name=`, text is taken as it is for `str`, and as JSON for every other type. Values of a file are JSON.
    What was given for the `secret` ones is not shown.
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
            words = "…" if secret else pair  # it may be the value
            fail(f"`--input {words}` has no value: write `--input {'NAME' if secret else pair}=…`")
        _check_name(name, types, values)
        try:
            values[name] = read_text(text, types[name])
        except ValueError as error:
            fail(f"input `{name}`: {_UNSHOWN if name in secret else error}")
    return values


def _check_name(name: str, known: Mapping[str, object], given: Container[str]) -> None:
    """End with a message for an input that the plan does not have, or that was given before."""
    if name in given:
        _fail_twice(name)
    if name not in known:
        near = get_close_matches(name[:_LONGEST_NAME], known, n=1)
        inputs = ", ".join(f"`{other}`" for other in known) or "none"
        hint = f"did you mean `{near[0]}`?" if near else f"its inputs are: {inputs}"
        fail(f"the plan has no input `{_short(name)}`; {hint}")


def _check_type(name: str, value: "Json", wanted: "Type", *, is_secret: bool) -> None:
    """End with a message for a value that is not of the type of its input."""
    from llmc.cli.terminal.sanitize import shown_value
    from llmc_compiler.expressions.input_types import describe, fits

    if not fits(value, wanted):
        words = _UNSHOWN if is_secret else f"{shown_value(value, _LONGEST_NAME)} is no `{describe(wanted)}`"
        fail(f"input `{name}`: {words}")


def _fail_twice(name: str) -> NoReturn:
    """End with a message."""
    fail(f"input `{_short(name)}` is given twice")


def _short(name: str) -> str:
    """The name, or the beginning of a long one."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _from_file(path: str, plan: str) -> "dict[str, Json]":
    """The inputs of a JSON file, or the end with what is wrong with it; nothing of its values is shown."""
    from llmc_compiler.expressions.input_types import read_json, repeated_names
    from llmc_runtime.input_files import read_input, read_stdin, require_size

    if not path:
        fail("`--input @` names no file: write `--input @inputs.json`, or `--input @-` for standard input")
    if path == plan == STDIN:
        fail("standard input is the plan already: give the inputs in a file")
    name = "<stdin>" if path == STDIN else path
    try:
        data = read_stdin(_LARGEST + 1) if path == STDIN else read_input(path, _LARGEST)
        require_size(data, _LARGEST)
    except OSError as error:
        fail(f"{name}: {reason(error)}")
    try:
        text = data.decode("utf-8-sig")
        found = read_json(text)
        repeated = repeated_names(text)
    except (ValueError, RecursionError) as error:
        fail(f"{name}: the inputs are not JSON{_place(error)}")
    if not isinstance(found, dict):
        fail(f'{name}: inputs are a JSON object with their names, such as {{"city": "Oslo"}}')
    for each in repeated:
        _fail_twice(each)
    return found


def _place(error: Exception) -> str:
    """Where a text is no JSON, if the error knows it; its own words may quote the text."""
    from json import JSONDecodeError

    return f" (line {error.lineno}, column {error.colno})" if isinstance(error, JSONDecodeError) else ""
