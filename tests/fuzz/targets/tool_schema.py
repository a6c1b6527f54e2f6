"""A tool from elsewhere, `{"parameters": SCHEMA, "returns": SCHEMA, "arguments": {…}, "result": …}`.

It is refused with a ToolboxError, or can be described, called and written into a decoder's grammar.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from llmc_compiler.decoder.decoder_grammar import LARGEST, fitting_grammar
from llmc_compiler.decoder.syntaxes import GrammarTooLargeError
from llmc_compiler.expressions.types import of_value, overlap, within
from llmc_compiler.tools.signature import ArgumentError, ResultError, ToolboxError
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.prompting.tool_docs.tool_list import listed
from llmc_runtime.agent.prompting.tool_docs.type_texts import type_text
from tests.fuzz.laws import check_message

MESSAGE: Final = 20_000
"""Characters of an error: a value of the input and a schema of it are quoted."""


def check(data: bytes) -> None:
    """No exception but those that are documented."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict):
        return
    try:
        tool = Tool.from_schema(
            "t", "A tool.", found.get("parameters", {}), "write(files:{path})", print, returns=found.get("returns")
        )
        tools = Toolbox([tool])
    except ToolboxError as error:
        check_message(error, MESSAGE)
        return
    _check_calls(tool, _arguments(found.get("arguments")), found.get("result"))
    type_text(found.get("parameters"))
    listed(tools)
    with suppress(GrammarTooLargeError):
        _, grammar = fitting_grammar(tools, tasks=1)
        assert len(grammar) <= LARGEST
        assert "Infinity" not in grammar
        grammar.encode()


def _arguments(given: object) -> Mapping[str, Any]:
    """What a plan can give: its numbers are finite, and its texts are whole."""
    try:
        json.dumps(given, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _check_calls(tool: Tool, arguments: Mapping[str, Any], result: Any) -> None:  # noqa: ANN401 — any JSON
    """A call with some arguments, and one without any."""
    signature = tool.signature
    for name, value in arguments.items():
        wanted = signature.wants(name)
        if _raises(ArgumentError, partial(signature.check, name, value)):
            assert not within(of_value(value), wanted.at_least)
    for given in ({}, arguments):
        bound: list[tuple[str | None, Any]] = list(given.items())
        signature.identify(bound)
        tool.effect_of(bound)
        if not _raises(ArgumentError, partial(signature.prepare, bound)):
            assert all(overlap(of_value(value), signature.wants(name).at_most) for name, value in bound)
    if not _raises(ResultError, partial(signature.accept, result)):
        assert overlap(of_value(result), signature.gives)


def _raises(kind: type[Exception], call: Callable[[], object]) -> bool:
    """Whether a call ends with a documented error."""
    try:
        call()
    except kind:
        return True
    return False
