"""Which kinds of things plans have, so that walks are known to reach all of them."""

from collections.abc import Iterable, Iterator

from llmc import Toolbox
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.tools.argument_binding import Shape
from llmc_grammar import ast, parse
from llmc_grammar.check import loop_parts, parts

STEPS = (ast.Subscript, ast.Slice)
JOINS = frozenset({"join()", "join of one", "join of several", "join of a text", "join by name", "join with a number"})
KINDS = (
    JOINS
    | {"a thought", "a reference", "a reference with steps", "a reference in a text", "a doubled dollar"}
    | {"a format"}
)
"""What every sound grammar with a tool lets a plan have."""
FORMS = frozenset(
    {
        *(f"a step behind a {kind}" for kind in ("Call", "Ref", "List", "Map", "Comprehension", "Binary")),
        *("a computed key", "a slice with an end", "a slice with a start", "a slice with both"),
        *(f"a comprehension with {count} loops" for count in (1, 2, 3)),
        *(f"a task with {count} loops" for count in (1, 2, 3)),
        *("a comprehension with a condition", "a comprehension in a comprehension"),
        *("a format", "an option of a call with steps", "a call of a function", "an argument of a function by name"),
    }
)
"""What grammars of the whole language let a plan have besides."""
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
            case ast.Task(expr=ast.Call(tool=name, arguments=arguments), loops=loops, guard=guard):
                tool = tools.get(name)
                assert tool is not None
                yield name
                yield from (f"{name}: {each}" for each in _given(tool.signature.shape, arguments))
                yield from _references(argument.value for argument in arguments)
                yield from _conditions(loops, guard)
            case _:
                message = f"no statement of a sound plan: {statement}"
                raise AssertionError(message)


def _conditions(loops: Iterable[ast.Loop], guard: ast.Expr | None) -> Iterator[str]:
    """The loop and the guard of a task."""
    conditions = [loop.condition for loop in loops]
    for loop in loops:
        yield f"a loop over {'a result' if isinstance(loop.source, ast.Ref) else 'constants'}"
        yield from ("a loop with a condition",) if loop.condition else ()
    yield from ("a guard",) if guard else ()
    for part in (part for each in (guard, *conditions) if each for part in parts(each)):
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
                yield from (_slot(piece) for piece in pieces if isinstance(piece, ast.Slot))
                yield from ("a doubled dollar" for piece in pieces if isinstance(piece, str) and "$" in piece)
            case _:
                pass


def _slot(slot: ast.Slot) -> str:
    """The form of a reference in a text."""
    return "a format" if slot.format else "a reference in a text"


def _join(arguments: tuple[ast.Argument, ...]) -> Iterator[str]:
    """The form of a join."""
    if not arguments:
        yield "join()"
    elif arguments[0].name is not None:
        yield "join by name"
    else:
        yield "join of one" if len(arguments) == 1 else "join of several"
        yield from ("join of a text" for argument in arguments if isinstance(argument.value, ast.Text))


def forms(text: str) -> Iterator[str]:
    """Which forms of the whole language a plan has, and which functions it calls."""
    for statement in parse(text).plan.statements:
        values: Iterable[ast.Expr] = ()
        match statement:
            case ast.Task(expr=expr, loops=loops, options=options):
                values = (expr, *(part for loop in loops for part in loop_parts(loop)))
                yield from (f"a task with {len(loops)} loops",) if loops else ()
                yield from ("an option of a call with steps",) if options and isinstance(expr, STEPS) else ()
            case ast.Join(arguments=arguments):
                values = (argument.value for argument in arguments)
            case _:
                pass
        for part in (part for value in values for part in parts(value)):
            yield from _forms(part)


def _forms(part: ast.Expr) -> Iterator[str]:
    """Which forms an expression has at its top."""
    if isinstance(part, STEPS):
        yield f"a step behind a {type(part.value).__name__}"
    match part:
        case ast.Subscript(key=key) if not isinstance(key, (ast.Literal, ast.Text)):
            yield "a computed key"
        case ast.Slice(start=start, stop=stop):
            yield "a slice with both" if start and stop else f"a slice with {'a start' if start else 'an end'}"
        case ast.Comprehension(loops=loops):
            yield f"a comprehension with {len(loops)} loops"
            yield from ("a comprehension with a condition" for loop in loops if loop.condition)
            inner = (each for each in parts(part) if isinstance(each, ast.Comprehension) and each is not part)
            yield from ("a comprehension in a comprehension" for _ in inner)
        case ast.Text(parts=pieces):
            yield from ("a format" for piece in pieces if isinstance(piece, ast.Slot) and piece.format)
        case ast.Call(tool=name, arguments=arguments) if name in FUNCTIONS:
            yield "a call of a function"
            yield from ("an argument of a function by name" for each in arguments if each.name)
        case _:
            pass
