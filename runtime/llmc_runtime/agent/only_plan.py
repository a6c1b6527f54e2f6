"""A plan to be read before it is run: written and mended, but nothing of it is started."""

from collections.abc import Sequence

from llmc_compiler.errors import BrokenOff, CompileError
from llmc_compiler.tools import Toolbox
from llmc_grammar import ast
from llmc_grammar.source import Span
from llmc_runtime.agent.dialogue import Message
from llmc_runtime.agent.failures import PlanFailed
from llmc_runtime.agent.inquiry import REPAIRS
from llmc_runtime.agent.ledger import Ledger
from llmc_runtime.agent.planner import Planner
from llmc_runtime.agent.repair import Broken, find_broken, mended
from llmc_runtime.agent.speaking import whole_reply
from llmc_runtime.errors import shortened
from llmc_runtime.program import Program, compile_plan, parse_plan


async def write_plan(
    planner: Planner, tools: Toolbox, question: str, history: Sequence[Message], ledger: Ledger
) -> Program:
    """The planner's plan for a question; raises PlanFailed, BudgetSpent and what the model raises."""
    messages = planner.messages(question, list(tools), history=history)
    request = messages
    text, broken = "", None
    for repairs in range(REPAIRS + 1):
        grammar = planner.grammar(tools, 1, ()) if planner.grammar is not None and broken is None else None
        reply, end = await whole_reply(planner.speaker, request, "planner", ledger, grammar=grammar, stop=planner.stops)
        if end is not None and end.reason == "refusal":
            raise PlanFailed(1, repairs, f"the planner refused: {shortened(reply)}")
        is_whole = end is not None and end.reason == "stop"
        # What was cut off in a line is no line.
        whole = reply if is_whole else reply.rpartition("\n")[0]
        text = whole if broken is None else mended(broken, whole, tools)[0]
        found = _compiled(text, tools, complete=is_whole or (broken is not None and not broken.is_cut))
        if isinstance(found, Program):
            return found
        broken = found
        if broken.is_hopeless:
            break
        request = planner.repair(messages, broken)
    raise PlanFailed(1, repairs, broken.report if broken and broken.report else "there is no plan in what was written")


def _compiled(text: str, tools: Toolbox, *, complete: bool) -> Program | Broken:
    """The program of a text, or what of it is broken."""
    try:
        program = compile_plan(text, tools, mode="lenient", name="plan")
    except CompileError as error:
        return find_broken(parse_plan(text, "lenient").source, tools, error.diagnostics)
    statements = program.plan.statements
    if not any(isinstance(each, (ast.Task, ast.Join)) for each in statements):
        return find_broken(program.source, tools, ())
    if not complete and not any(isinstance(each, ast.Join) for each in statements):
        end = len(program.source.text)
        return find_broken(program.source, tools, [BrokenOff(span=Span(end, end))])
    return program
