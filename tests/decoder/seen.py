"""Which kinds of things plans have, so that walks are known to reach all of them."""

from collections.abc import Iterable, Iterator

from llmc import Toolbox
from llmc_compiler.tools.argument_binding import Shape
from llmc_grammar import ast, parse
from llmc_grammar.check import parts

JOINS = frozenset({"join()", "join of one", "join of several", "join of a text", "join by name", "join with a number"})
KINDS = JOINS | {"a thought", "a reference", "a reference with steps", "a reference in a text", "a doubled dollar"}
"""What every sound grammar with a tool lets a plan have."""
LINES = frozenset(
    {
        "a loop over constants",
        "a loop over a result",
        "a loop with a condition",
        "a guard",
        "an element",
        "a negation",
        *(f"a comparison {op}" for op in ("==", "!=", "<", "<=", ">", ">=", "in", "and", "or")),
    }
)
"""What a full grammar lets a plan have besides, where some tool gives lists of records."""


def seen(text: str, tools: Toolbox) -> Iterator[str]:
    """What a plan has: tools, their arguments given and left out, forms of references and of the join."""
    for statement in parse(text).plan.statements:
        match statement:
            case ast.Thought():
                yield "a thought"
            case ast.Join(binder=binder, arguments=arguments):
                yield from _join(arguments)
                yield from ("join with a number",) if binder else ()
                yield from _references(argument.value for argument in arguments)
            case ast.Task(expr=ast.Call(tool=name, arguments=arguments), loop=loop, guard=guard):
                tool = tools.get(name)
                assert tool is not None
                yield name
                yield from (f"{name}: {each}" for each in _given(tool.signature.shape, arguments))
                yield from _references(argument.value for argument in arguments)
                yield from _conditions(loop, guard)
            case _:
                message = f"no statement of a sound plan: {statement}"
                raise AssertionError(message)


def _conditions(loop: ast.Loop | None, guard: ast.Expr | None) -> Iterator[str]:
    """The loop and the guard of a task."""
    if loop is not None:
        yield f"a loop over {'a result' if isinstance(loop.source, ast.Ref) else 'constants'}"
        yield from ("a loop with a condition",) if loop.condition else ()
    yield from ("a guard",) if guard else ()
    for part in (part for each in (guard, loop and loop.condition) if each for part in parts(each)):
        match part:
            case ast.Ref(name="x"):
                yield "an element"
            case ast.Unary("not"):
                yield "a negation"
            case ast.Binary(op):
                yield f"a comparison {op}"
            case _:
                pass


def to_see(tools: Toolbox) -> Iterator[str]:
    """All that there is to see in plans that call these tools."""
    yield from KINDS
    for tool in tools:
        shape = tool.signature.shape
        yield tool.name
        yield from (f"{tool.name}: {name} by position" for name in shape.positional)
        yield from (f"{tool.name}: {name} by name" for name in shape.named)
        yield from (f"{tool.name}: no {name}" for name in {*shape.positional, *shape.named} - {*shape.required})


def _given(shape: Shape, arguments: tuple[ast.Argument, ...]) -> Iterator[str]:
    """How each parameter is given."""
    names = {argument.name for argument in arguments}
    count = sum(argument.name is None for argument in arguments)
    for name in {*shape.positional, *shape.named}:
        by_position = name in shape.positional[:count]
        yield f"{name} by position" if by_position else f"{name} by name" if name in names else f"no {name}"


def _references(values: Iterable[ast.Expr]) -> Iterator[str]:
    """How arguments refer to tasks."""
    for part in (part for value in values for part in parts(value)):
        match part:
            case ast.Ref(path=path):
                yield "a reference with steps" if path else "a reference"
            case ast.Text(parts=pieces):
                yield from ("a reference in a text" for piece in pieces if isinstance(piece, ast.Slot))
                yield from ("a doubled dollar" for piece in pieces if isinstance(piece, str) and "$" in piece)
            case _:
                pass


def _join(arguments: tuple[ast.Argument, ...]) -> Iterator[str]:
    """The form of a join."""
    if not arguments:
        yield "join()"
    elif arguments[0].name is not None:
        yield "join by name"
    else:
        yield "join of one" if len(arguments) == 1 else "join of several"
        yield from ("join of a text" for argument in arguments if isinstance(argument.value, ast.Text))
