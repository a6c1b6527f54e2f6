"""The errors of calls whose arguments or results do not fit, or whose tools raise."""

from llmc_compiler.ir.graph import Call, Node, TaskId
from llmc_compiler.tools.signature import ArgumentError, ResultError
from llmc_compiler.tools.tool import Tool
from llmc_grammar.source import Span
from llmc_runtime.errors import BadArgument, BadResult, CallError, ToolFailed, without_values
from llmc_runtime.foreign_errors import described
from llmc_runtime.tracebacks import place_in
from llmc_runtime.values import NotJsonError


class IntentError(CallError):
    """A call that may write was not made, since the store of outcomes did not commit its intent."""

    def __init__(self, task: TaskId, span: Span, *, tool: str, why: BaseException) -> None:
        what = f"was not done: the intent to call `{tool}` was not stored: {described(why)}"
        super().__init__(task, what, span, tool=tool, attempt=0)


def unfit(node: Node, tool: str, attempt: int, why: BaseException) -> BadArgument:
    """Return the error of an argument that does not fit its parameter; the reason is withheld for a secret argument."""
    parameter = why.parameter if isinstance(why, ArgumentError) else None
    is_secret = isinstance(node.op, Call) and node.op.tool.marks.may_be_secret(parameter)
    words = "the secret value has the wrong type" if is_secret else why
    error = BadArgument(node.task, node.span, tool=tool, attempt=attempt, parameter=parameter, why=words)
    if not is_secret:
        error.__cause__ = without_values(why) if isinstance(why, ArgumentError) else why
    return error


def bad_result(node: Node, tool: Tool, attempt: int, why: BaseException) -> BadResult:
    """Return the error of a result that does not fit its declaration; in doubt if the tool may write."""
    in_doubt = tool.effect.may_write
    error = BadResult(node.task, node.span, tool=tool.name, attempt=attempt, why=why, in_doubt=in_doubt)
    error.__cause__ = without_values(why) if isinstance(why, (NotJsonError, ResultError)) else why
    return error


def tool_failed(
    node: Node, tool: Tool, attempt: int, why: BaseException, *, was_sent: bool, final: str | None
) -> ToolFailed:
    """Return the error of a tool that raised; in doubt if it may write, unless it says that nothing was sent."""
    in_doubt = was_sent and tool.effect.may_write
    error = ToolFailed(node.task, node.span, tool=tool.name, attempt=attempt, why=why, in_doubt=in_doubt, final=final)
    error.__cause__, error.place = why, place_in(why, tool)
    return error
