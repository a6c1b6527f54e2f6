"""What making tools and grammars costs: a tool of a schema, and the decoder grammar of 40 tools.

    python -m benchmarks.making [--check] [--only NAME] [--rounds N]

Each tool has a new schema, so that none is kept from another round. Times are minima of the processor's, interleaved.
"""

import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, Final

from jsonschema import Draft202012Validator

from benchmarks.measurement import Row, Run, Sides, Work, run_rows
from llmc_compiler.decoder.decoder_grammar import decoder_grammar
from llmc_compiler.decoder.syntaxes import GrammarTooLargeError
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox

ROUNDS: Final = 9
TOOLS: Final = 40
TOO_SMALL: Final = 64 * 1024
"""A size that the grammar does not have."""

_numbers: Final = count()

MISTAKES: Final[tuple[dict[str, Any], ...]] = (
    {"title": 5},
    {"properties": {"query": {"type": "string", "minLength": -1}}},
    {"required": ["query", "query"]},
)
"""Schemas that stay refused, however fast tools are made."""


def schema() -> dict[str, Any]:
    """A schema of four fields that no other has."""
    number = next(_numbers)
    return {
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": f"Words of question {number}", "minLength": 1},
            "limit": {"type": "integer", "minimum": 1, "maximum": 50 + number},
            "sort": {"enum": ["date", "rank", f"key {number}"]},
            "exact": {"type": "boolean"},
        },
        "required": ["query"],
        "additionalProperties": False,
    }


async def call(**_: object) -> str:
    """Return nothing of interest."""
    return ""


def tool(parameters: dict[str, Any], name: str = "search") -> Tool:
    """A tool of a schema."""
    return Tool.from_schema(name, "Search.", parameters, "nondet", call)


def toolbox() -> Toolbox:
    """Tools with new schemas."""
    return Toolbox([tool(schema(), f"search{number}") for number in range(TOOLS)])


def is_refused(make: Callable[[], object], error: type[Exception]) -> bool:
    """Whether something is refused with this error."""
    try:
        make()
    except error:
        return True
    return False


def making_tools() -> Run:
    """Make a tool of each new schema."""
    schemas = [schema() for _ in range(TOOLS)]

    async def run() -> None:
        for parameters in schemas:
            tool(parameters)

    return run


def checking_schemas() -> Run:
    """Check each new schema by the metaschema, as jsonschema does."""
    schemas = [schema() for _ in range(TOOLS)]

    async def run() -> None:
        for parameters in schemas:
            Draft202012Validator.check_schema(parameters)

    return run


def grammar(*, again: bool = False) -> Work:
    """The grammar of new tools; `again` if it was made before."""

    def work() -> Run:
        tools = toolbox()
        if again:
            decoder_grammar(tools)

        async def run() -> None:
            decoder_grammar(tools)

        return run

    return work


def refusal() -> Run:
    """The refusal of the grammar of new tools, for its size."""
    tools = toolbox()

    async def run() -> None:
        assert is_refused(lambda: decoder_grammar(tools, largest=TOO_SMALL), GrammarTooLargeError)

    return run


def rows() -> tuple[Row, ...]:
    """The rows, in the order of the table."""
    return (
        Row("a tool of a new schema", "check_schema", lambda: Sides(making_tools, checking_schemas, TOOLS), 0.08),
        Row("sound grammar of 40 tools, again", "the first", lambda: Sides(grammar(again=True), grammar()), 1 / 30),
        Row("sound grammar of 40 tools, too large", "the first", lambda: Sides(refusal, grammar()), 1 / 4),
    )


def main() -> int:
    """Print a table, once mistakes are refused."""
    for mistake in MISTAKES:
        assert is_refused(partial(tool, {"type": "object", **mistake}), ToolboxError), mistake
    return run_rows(rows(), __doc__, ROUNDS)


if __name__ == "__main__":
    sys.exit(main())
