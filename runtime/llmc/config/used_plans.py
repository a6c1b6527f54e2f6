"""The tools of a plan file's `use` lines: those of Python files and of the configuration, and other plan files.

Each plan file is read and compiled once, with the tools that its `use` lines name. Mistakes in it are reported with
those of the plan that uses it, at their places in their own files.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from llmc.config.any_toolbox import AnyTools
from llmc.config.config import Config
from llmc.config.tool_files import MissingToolsError, UseError, resolve_uses
from llmc_compiler.compiler import check, compile_parsed
from llmc_compiler.diagnostics.inlining_errors import PlansTooDeep
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.expressions.terms import Json
from llmc_compiler.lowering.inlining.plan_tool import DEEPEST, PlanBody, PlanTool, with_others
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Parsed, parse
from llmc_grammar.ast import Plan, Use
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic, relocated
from llmc_grammar.frozen_data import frozen
from llmc_grammar.mistake import mistake
from llmc_grammar.plan_comment import plan_comment
from llmc_grammar.source import TEXT, Source, Span
from llmc_runtime.input_files import folder_of, read_start

_NO_CONFIG: Final = Config()


@mistake
class PlanCircle(Diagnostic):
    """Plans use one another in a circle."""

    code = "E224"
    title = "plans use one another in a circle: {circle}"
    label = "closes the circle"
    help = "remove one of these `use` lines"

    circle: str


@mistake
class FaultyPlan(Diagnostic):
    """A plan that another one uses has mistakes."""

    code = "E225"
    title = "`{target}` has {count}"
    label = "used here"
    help = "correct that plan first"

    target: str
    count: str


@frozen
class _Broken:
    """A plan file with mistakes, at places in these texts: its own, and those of the plans that it uses."""

    texts: tuple[Source, ...]
    mistakes: tuple[Diagnostic, ...]


@dataclass(slots=True, eq=False, repr=False)
class UsedPlans:
    """Resolves `use` lines; other plan files are compiled as tools.

    With `loads_tools=False` no Python code is loaded, so that calls of its tools are not checked; `unchecked` tells
    whether a plan file had such calls.
    """

    config: Config = _NO_CONFIG
    bounds: Bounds = Bounds.FILE
    loads_tools: bool = True
    unchecked: bool = False
    _known: dict[Path, PlanTool | _Broken] = field(default_factory=dict)
    _chain: list[tuple[Path, str]] = field(default_factory=list)

    def tools(self, plan: Plan, folder: Path, file: Path | None = None) -> Toolbox:
        """Return the tools of a plan's `use` lines; raises UseError with all mistakes, also those of used plans."""
        self._chain = [] if file is None else [(file.resolve(), file.name)]
        return self._tools(plan, folder)

    def _tools(self, plan: Plan, folder: Path) -> Toolbox:
        """Return the tools of the `use` lines of a plan in the chain; raises UseError."""
        found = _Found()

        def plan_tool(file: Path, use: Use) -> Toolbox:
            return self._plan_tool(file, use, found)

        try:
            tools = resolve_uses(plan, folder, self.config, plan_tool, loads_tools=self.loads_tools)
        except UseError as error:
            raise UseError((*error.diagnostics, *found.mistakes), tuple(found.texts)) from error
        if found.mistakes:
            raise UseError(tuple(found.mistakes), tuple(found.texts))
        return tools if self.loads_tools else AnyTools(tools)

    def _plan_tool(self, file: Path, use: Use, found: "_Found") -> Toolbox:
        """Return the tool of a plan file, or none if it has mistakes; raises MissingToolsError."""
        real = file.resolve()
        places = [place for place, _ in self._chain]
        if real in places:
            names = [name for _, name in self._chain[places.index(real) :]]
            found.mistakes.append(PlanCircle(span=use.span, circle=" → ".join((*names, names[0]))))
            return Toolbox()
        if len(self._chain) > DEEPEST:
            found.mistakes.append(PlansTooDeep(span=use.span, plan=file.stem, most=DEEPEST))
            return Toolbox()
        made = self._known.get(real)
        if made is None:
            self._chain.append((real, use.target))
            try:
                made = self._known[real] = self._compiled(file)
            finally:
                self._chain.pop()
        if isinstance(made, PlanTool):
            return Toolbox([made])
        errors = sum(each.severity == "error" for each in made.mistakes)
        count = "1 mistake" if errors == 1 else f"{errors} mistakes"
        found.mistakes.append(FaultyPlan(span=use.span, target=use.target, count=count))
        found.add(made)
        return Toolbox()

    def _compiled(self, file: Path) -> PlanTool | _Broken:
        """Read and compile a plan file; raises MissingToolsError if it cannot be read."""
        try:
            data = read_start(file, self.bounds.text + 1)
        except FileNotFoundError as error:
            message = f"the file {file} does not exist"
            raise MissingToolsError(message) from error
        except OSError as error:
            message = f"{file}: {(error.strerror or str(error)).lower()}"
            raise MissingToolsError(message) from error
        parsed = parse(data, name=str(file), bounds=self.bounds)
        try:
            tools = self._tools(parsed.plan, folder_of(file))
        except UseError as error:
            own = check(parsed, AnyTools(), bounds=self.bounds)
            inner = tuple(each for each in error.diagnostics if not isinstance(each, FaultyPlan))
            return _Broken((parsed.source, *error.others), (*own, *inner))
        try:
            compiled = compile_parsed(parsed, tools, passes=(), bounds=self.bounds)
        except CompileError as error:
            source = error.source or parsed.source
            return _Broken((replace(source, others=()), *source.others), error.diagnostics)
        finally:
            self.unchecked = self.unchecked or (isinstance(tools, AnyTools) and tools.was_asked)
        source = with_others(parsed.source, tools)
        about = plan_comment(parsed.source, parsed.plan)
        return PlanTool.of(file.stem, about, PlanBody(compiled.written, source), _runner(parsed, tools))


@dataclass(slots=True, eq=False, repr=False)
class _Found:
    """The mistakes that the `use` lines of one plan lead to, and the texts of other plans in which some of them are."""

    mistakes: list[Diagnostic] = field(default_factory=list)
    texts: list[Source] = field(default_factory=list)

    def add(self, broken: _Broken) -> None:
        """Add the errors of a plan file, each once."""
        for text in broken.texts:
            if text not in self.texts:
                self.texts.append(text)
        for found in broken.mistakes:
            moved = relocated(found, lambda span: self._moved(span, broken))
            if found.severity == "error" and moved not in self.mistakes:
                self.mistakes.append(moved)

    def _moved(self, span: Span, broken: _Broken) -> Span:
        """Return a span with the number that its text has here."""
        number = span.start // TEXT
        return span.moved((self.texts.index(broken.texts[number]) + 1 - number) * TEXT)


def _runner(parsed: Parsed, tools: Toolbox) -> Callable[..., Coroutine[Any, Any, Json]]:
    """Return a function that runs a plan with keyword arguments."""

    async def call(**arguments: Json) -> Json:
        from llmc_runtime.program.program import Program

        return await Program.of(parsed, tools).value(arguments)

    return call
