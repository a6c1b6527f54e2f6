"""A call's arguments against the tool's parameters; each mistake at its argument."""

from collections.abc import Sequence

from llmc_compiler import errors
from llmc_compiler.binding import Misfit, Missing, TooMany, Twice, Unknown, bind
from llmc_compiler.term import Const
from llmc_compiler.tools import ArgumentError, Tool
from llmc_grammar import ast
from llmc_grammar.diagnostic import Diagnostic


def check_arguments(
    tool: Tool, call: ast.Call, constants: Sequence[Const | None], diagnostics: list[Diagnostic]
) -> tuple[str | None, ...]:
    """The parameter of each argument; `constants` has the values of those that are known."""
    names, misfits = bind(tool.signature.shape, [given.name for given in call.arguments])
    diagnostics.extend(_misfit(misfit, tool, call) for misfit in misfits)
    wrong = {misfit.index for misfit in misfits if not isinstance(misfit, Missing)}
    for index, (name, constant) in enumerate(zip(names, constants, strict=True)):
        if constant is None or index in wrong:
            continue
        try:
            tool.signature.check(name, constant.value)
        except ArgumentError as error:
            span = call.arguments[index].value.span
            diagnostics.append(
                errors.WrongArgument(span=span, tool=tool.name, name=name or f"argument {index + 1}", reason=str(error))
            )
    return names


def _misfit(misfit: Misfit, tool: Tool, call: ast.Call) -> Diagnostic:
    """The diagnostic of an argument without a place, or a place without an argument."""
    shape = tool.signature.shape
    known = ", ".join(shape.positional) or None
    match misfit:
        case TooMany(index):
            span = call.arguments[index].span
            return errors.TooManyArguments(span=span, tool=tool.name, most=_count(len(shape.positional)), known=known)
        case Unknown(index, name):
            span = call.arguments[index].span
            every = [*shape.positional, *sorted(shape.named.difference(shape.positional))]
            return errors.UnknownArgument(
                span=span,
                tool=tool.name,
                name=name,
                known=", ".join(every) or None,
                suggestion=errors.closest(name, every),
            )
        case Twice(index, name):
            return errors.ArgumentTwice(span=call.arguments[index].span, name=name)
        case Missing(name):
            return errors.MissingArgument(span=call.name_span, tool=tool.name, name=name)


def _count(arguments: int) -> str:
    """So many arguments, in words."""
    return "1 argument" if arguments == 1 else f"{arguments or 'no'} arguments"
