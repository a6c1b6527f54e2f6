"""Tools as they really look, and what becomes of them; one page a kind in `tools/`.

A case defines tools in a block `python` (a tools file) or `json` (one tool, or a list of them: `name`, `parameters` and
other arguments of `Tool.from_schema`; it gives `result`). Further blocks use them: a `plan` is compiled and run, a
`grammar` has a plan that the sound decoder grammar takes or not, and `show` prints `names`, `forms`, `notes` or the
`prompt`, which fits a budget of characters if there is a number. The result has a line for each call as the tool
receives it, the plan's value, its mistakes and errors.
"""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

import llmc
from llmc import CompileError, Limits, Tool, Toolbox, ToolboxError, decoder_grammar
from llmc.config.tool_files import load_file
from llmc_compiler.tools.signature import ToolParameter
from llmc_runtime.agent.prompting.templates import Prompts
from llmc_runtime.agent.prompting.tool_docs.tool_list import PROMPT_BUDGET, tool_list
from tests.cases.pages import Block, Section, sections
from tests.decoder.judge import judge
from tests.decoder.walker import Walker

CASES: Final = sections(Path(__file__).with_name("tools"))
_LIMITS: Final = Limits(width=1, attempt_time=2.0, run_time=5.0)
"""Calls of a case happen one after the other, and none takes long."""


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=str)
def test_tools_become_what_their_page_says(case: Section, tmp_path: Path) -> None:
    """Their names, parameters and prompts; the calls that plans make; the plans that grammars take."""
    case.settle("".join(f"{line}\n" for line in _results(case, tmp_path)))


def _results(case: Section, folder: Path) -> Iterator[str]:
    """Define the tools and use them."""
    definition, *uses = case.blocks
    calls: list[str] = []
    try:
        tools = _defined(definition, folder, calls)
    except (ToolboxError, ValueError) as error:
        yield f"refused: {str(error).replace(str(folder), '…')}"
        return
    for block in uses:
        yield from _used(block, tools, calls)


def _defined(block: Block, folder: Path, calls: list[str]) -> Toolbox:
    """Return the tools of a block."""
    if block.kind == "python":
        path = folder / "tools.py"
        path.write_text(block.text, "utf-8")
        return load_file(path)
    assert block.kind == "json"
    found = json.loads(block.text)
    tools = [_tool(each, calls) for each in (found if isinstance(found, list) else [found])]
    return Toolbox(tools, context=_context if any(tool.marks.context for tool in tools) else None)


@asynccontextmanager
async def _context() -> AsyncIterator[str]:
    """Open the context of every toolbox that has one."""
    yield "the context"


def _tool(given: dict[str, Any], calls: list[str]) -> Tool:
    """Return a tool that notes its calls."""
    said = {"description": "", "effect": "nondet", "parameters": {}, **given}
    result = said.pop("result", None)

    def call(*args: Any, **kwargs: Any) -> object:
        """Note the call."""
        named = {name: "a key" if name == said.get("idempotency_key") else value for name, value in kwargs.items()}
        given = [*map(repr, args), *(f"{name!r}: {value!r}" for name, value in named.items())]
        calls.append(f"{said['name']} gets {', '.join(given) or 'nothing'}")
        return result

    return Tool.from_schema(call=call, **said)


def _used(block: Block, tools: Toolbox, calls: list[str]) -> Iterator[str]:
    """Use the tools in the way of a block."""
    match block.kind:
        case "plan":
            yield from _ran(block.text, tools, calls)
        case "grammar":
            yield from _written(block.text.rstrip(), tools)
        case "show":
            numbers = [int(option) for option in block.options if option.isdecimal()]
            for what in sorted(option for option in block.options if not option.isdecimal()):
                yield from _shown(what, tools, *numbers)
        case kind:
            message = f"no block is a `{kind}`"
            raise AssertionError(message)


def _written(text: str, tools: Toolbox) -> Iterator[str]:
    """Ask the sound grammar for a plan; one that it takes has no mistakes of its own."""
    takes = Walker.of(decoder_grammar(tools, syntax="gbnf"), "gbnf").accepts(text)
    yield f"grammar: {'takes' if takes else 'refuses'} it"
    yield from (f"    {found.code} {found.words('title')}" for found in (judge(text, tools).own if takes else ()))


def _ran(text: str, tools: Toolbox, calls: list[str]) -> Iterator[str]:
    """Compile and run a plan."""
    calls.clear()
    try:
        run = llmc.compile(text, tools).run_sync(limits=_LIMITS)
    except CompileError as error:
        for found in error.diagnostics:
            yield f"{found.code} {found.words('title')}: {found.words('label')}".removesuffix(": ")
            yield from (f"    {help_}" for help_ in [found.words("help")] if help_)
        return
    yield from calls
    if run.has_value:
        yield f"value: {json.dumps(run.value, ensure_ascii=False)}"
    yield from (f"error in {task}: {error}" for task, error in run.errors.items())


def _shown(what: str, tools: Toolbox, budget: int = PROMPT_BUDGET) -> Iterator[str]:
    """Print something of the tools."""
    match what:
        case "names":
            yield from (f"{tool.name}({_names(tool.signature.takes)})" for tool in tools)
        case "forms":
            yield from (f"{tool.name}({_names(form)})" for tool in tools for form in tool.signature.forms)
        case "notes":
            yield from (note for tool in tools for note in tool.notes)
        case "prompt":
            found = tool_list(tools, budget)
            text = Prompts().render("tools", tools=found.tools)
            yield from (line.rstrip() for line in text.splitlines()[1:] if line.strip())
            yield from found.left_out
        case _:
            message = f"nothing shows `{what}`"
            raise AssertionError(message)


def _names(parameters: Sequence[ToolParameter]) -> str:
    """Return the names of parameters; a value is the only one that a parameter can have."""
    return ", ".join(map(_name, parameters))


def _name(parameter: ToolParameter) -> str:
    """Return the name of a parameter."""
    constant = parameter.schema.get("const") if isinstance(parameter.schema, dict) else None
    value = "" if constant is None else f"={json.dumps(constant)}"
    return f"{parameter.many}{parameter.name}{value}{'' if parameter.required or parameter.many else '?'}"


def test_every_case_says_why() -> None:
    """A case without a reason is only a record of what the code does."""
    assert [str(case) for case in CASES if not case.why] == []


def test_no_two_cases_of_a_page_have_one_title() -> None:
    """The title is the name of a case."""
    names = [str(case) for case in CASES]
    assert len(names) == len(set(names))
