"""Write and repair a plan without starting any of its calls, so that a user can read it first."""

from collections.abc import Sequence
from dataclasses import replace

from llmc_compiler.diagnostics.plan_errors import BrokenOff, CompileError
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Parsed, ast
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.source import Span
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.agent.agent_run import REPAIRS
from llmc_runtime.agent.budget import UsageTracker
from llmc_runtime.agent.completion import reasoning_of
from llmc_runtime.agent.joining.prose_replies import no_plan, refused
from llmc_runtime.agent.plan_statements import does_something
from llmc_runtime.agent.planning.plan_reader import PlanReader
from llmc_runtime.agent.planning.plan_repair import NO_CALL, BrokenPlan, find_broken
from llmc_runtime.agent.planning.plan_reply import plan_reply
from llmc_runtime.agent.planning.planner import Planner
from llmc_runtime.agent.planning.reply_merge import merged
from llmc_runtime.agent.planning.text_origin import TextOrigin
from llmc_runtime.models.messages import Message
from llmc_runtime.program.program import Program


async def write_plan(
    planner: Planner, tools: Toolbox, question: str, history: Sequence[Message], tracker: UsageTracker
) -> Program:
    """Return the planner's plan for a question; raises PlanFailed, BudgetSpent and the model's errors."""
    messages = planner.messages(question, list(tools), history=history)
    reader = PlanReader(tools, reasoning=reasoning_of(planner.chat_model))
    grammar = planner.grammar(tools, 1, ()) if planner.grammar is not None else None
    parsed, reading = await plan_reply(planner, messages, reader, tracker, grammar=grammar)
    text = parsed.source.text
    if reading.is_refused:
        raise PlanFailed(1, 0, refused(text, reading, reader.reasoning))
    written = TextOrigin.of(reading, is_joined=_is_joined(parsed))
    outcome = _compiled(parsed, reader, written)
    repairs = 0
    while isinstance(outcome, BrokenPlan) and not outcome.is_hopeless and repairs < REPAIRS:
        repairs += 1
        answer, reading = await plan_reply(planner, planner.repair(messages, outcome), reader, tracker)
        text = answer.source.text
        if reading.is_refused:
            raise PlanFailed(1, repairs, refused(text, reading, reader.reasoning))
        repaired = merged(outcome, answer, reader, complete=reading.is_complete)
        if repaired.unclear is not None:
            outcome = replace(outcome, unclear=repaired.unclear, cuts=(*outcome.cuts, *repaired.cuts))
            continue
        parsed = reader.read(repaired.text, complete=not repaired.is_new or reading.is_complete)
        written = written.repaired(repaired, reading, is_joined=_is_joined(parsed))
        outcome = _compiled(parsed, reader, written)
    if isinstance(outcome, Program):
        return outcome
    raise PlanFailed(1, repairs, no_plan(outcome.why, text, reading, reader.reasoning))


def _is_joined(parsed: Parsed) -> bool:
    """Whether a plan has a join."""
    return any(isinstance(each, ast.Join) for each in parsed.plan.statements)


def _compiled(parsed: Parsed, reader: PlanReader, written: TextOrigin) -> Program | BrokenPlan:
    """Compile a parsed text; return the program, or its broken lines."""
    complete = not written.is_cut
    moved = (*parsed.moved, *written.moved)

    def find(diagnostics: Sequence[Diagnostic], moved: Sequence[Span] = ()) -> BrokenPlan:
        again = reader.read(parsed.source.text, complete=complete)
        unended, cuts = written.unended, written.cuts
        return find_broken(again, reader.highest, diagnostics, moved, unended=unended, cuts=cuts, complete=complete)

    try:
        program = Program.of(parsed, reader.tools, mode="lenient")
    except CompileError as error:
        return find(error.diagnostics, moved)
    statements = parsed.plan.statements
    if not any(isinstance(each, (ast.Task, ast.Join)) for each in statements):
        return find(())
    if not complete:
        end = len(parsed.source.text)
        return find([BrokenOff(span=Span(end, end))], moved)
    if not does_something(statements, reader.tools, ()):
        return BrokenPlan((), NO_CALL, is_cut=True, is_hopeless=False)
    unended = program.unended or written.unended
    return replace(program, held=moved, unended=unended, cautions=written.cautions)
