"""Python programs of calls, each with the plan that it means: both are drawn at once."""

from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

from llmc_grammar.print import quoted

TOOLS: Final = ("search", "fetch", "weather", "github.create_issue", "note")

_texts = st.text(st.sampled_from("ab é世\n\"'\\{}#,()"), max_size=5) | st.sampled_from(("5 $", "$ 5", "US$."))
_names = st.sampled_from(("query", "x", "to", "limit"))
_variables = ("r", "s", "page", "é", "items")
_OPERATORS: Final = ("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or")


@dataclass(frozen=True, slots=True)
class Both:
    """An expression in Python and in the plan."""

    code: str
    plan: str


@dataclass(slots=True)
class Program:
    """The lines of a program and of its plan, and what its variables stand for: a reference, or a list of them."""

    first: int
    code: list[str] = field(default_factory=list)
    plan: list[str] = field(default_factory=list)
    bound: dict[str, str | list[str]] = field(default_factory=dict)

    def task(self, expression: str) -> str:
        """Add a task to the plan; return the reference to it."""
        number = self.first + len(self.plan)
        self.plan.append(f"{number}. {expression}")
        return f"${number}"


def _literal(draw: st.DrawFn) -> Both:
    """A constant."""
    match draw(st.sampled_from(("text", "raw", "int", "float", "word"))):
        case "text":
            text = draw(_texts)
            quote = draw(st.sampled_from(('"', "'", '"""', "'''")))
            escaped = text.replace("\\", "\\\\").replace(quote[0], f"\\{quote[0]}")
            escaped = escaped if len(quote) > 1 else escaped.replace("\n", "\\n")
            return Both(f"{quote}{escaped}{quote}", _string(text))
        case "raw":
            return Both(r'r"\d\n"', r'"\\d\\n"')
        case "int":
            number = draw(st.integers(-99, 10**17))
            return Both(str(number), str(number))
        case "float":
            return draw(st.sampled_from((Both("1_000.5", "1000.5"), Both(".5", "0.5"), Both("1e3", "1000.0"))))
        case _:
            return draw(
                st.sampled_from([Both(word, word) for word in ("True", "False", "None", "true", "false", "null")])
            )


def _string(text: str) -> str:
    """A text as a string of the language; no drawn text has a name or a number behind a dollar sign."""
    return quoted(text.replace("$", "$$"))


def _reference(draw: st.DrawFn, program: Program) -> Both:
    """A variable, or a part of one."""
    name = draw(st.sampled_from(sorted(program.bound)))
    value = program.bound[name]
    if isinstance(value, list):
        at = draw(st.none() | st.integers(-len(value), len(value) - 1))
        return Both(name, f"[{', '.join(value)}]") if at is None else Both(f"{name}[{at}]", value[at])
    steps = draw(st.lists(st.sampled_from((".name", "[0]", "[-1]", '["a b"]', "['key']")), max_size=2))
    plan = "".join(".key" if step == "['key']" else step for step in steps)
    return Both(name + "".join(steps), value + plan)


def _formatted(draw: st.DrawFn, program: Program) -> Both:
    """An f-string of variables."""
    text = draw(st.sampled_from(("", "a ", "{{", "$", "$1 ", "é: ")))
    inside = _reference(draw, program)
    if not inside.plan.startswith("$") or '"' in inside.code:
        return inside
    plain = text.replace("{{", "{").replace("$", "$$")
    quote = '"' if "'" in inside.code else "'"
    return Both(f"f{quote}{text}{{{inside.code}}}.{quote}", quoted(f"{plain}${{{inside.plan[1:]}}}."))


def _operation(draw: st.DrawFn, program: Program, depth: int) -> Both:
    """An expression with operators, in brackets."""
    left, right = _expression(draw, program, depth - 1), _expression(draw, program, depth - 1)
    match draw(st.sampled_from(("two", "not", "minus", "choice", "null", "three"))):
        case "two":
            op = draw(st.sampled_from(_OPERATORS))
            return Both(f"({left.code} {op} {right.code})", f"({left.plan} {op} {right.plan})")
        case "not":
            return Both(f"(not {left.code})", f"(not {left.plan})")
        case "minus":
            return Both(f"(-({left.code}))", f"(-{left.plan})" if left.plan[0].isdigit() else f"(-({left.plan}))")
        case "choice":
            word = f"{right.code} else None)"
            return Both(f"({left.code} if {word}", f"({left.plan} if {right.plan} else null)")
        case "null":
            return Both(f"({left.code} is not None)", f"({left.plan} != null)")
        case _:
            ops = draw(
                st.sampled_from((("+", "*"), ("-", "-"), ("*", "+"), ("and", "or"), ("or", "and"), ("**", "**")))
            )
            code, plan = (f"(1 {ops[0]} {one} {ops[1]} 2)" for one in (f"({left.code})", f"({left.plan})"))
            return Both(code, plan)


def _expression(draw: st.DrawFn, program: Program, depth: int = 2) -> Both:
    """A value."""
    kinds = ["literal"]
    kinds += ["reference", "reference", "formatted"] if program.bound else []
    kinds += ["list", "tuple", "mapping", "call", "operation"] if depth > 0 else []
    match draw(st.sampled_from(kinds)):
        case "reference":
            return _reference(draw, program)
        case "formatted":
            return _formatted(draw, program)
        case "list" | "tuple" as kind:
            parts = [_expression(draw, program, depth - 1) for _ in range(draw(st.integers(1, 2)))]
            code = ", ".join(part.code for part in parts)
            plan = f"[{', '.join(part.plan for part in parts)}]"
            return Both(f"[{code}]" if kind == "list" else f"({code},)", plan)
        case "mapping":
            value = _expression(draw, program, depth - 1)
            return Both(f"{{'k': {value.code}}}", f'{{"k": {value.plan}}}')
        case "call":
            return _call(draw, program, depth - 1)
        case "operation":
            return _operation(draw, program, depth)
        case _:
            return _literal(draw)


def _call(draw: st.DrawFn, program: Program, depth: int = 1) -> Both:
    """A call, awaited or not."""
    tool = draw(st.sampled_from(TOOLS))
    values = [_expression(draw, program, depth) for _ in range(draw(st.integers(0, 2)))]
    names = draw(st.lists(_names, max_size=2, unique=True))
    named = [_expression(draw, program, depth) for _ in names]
    gap = draw(st.sampled_from((", ", ",", ",\n    ")))
    code = gap.join([*(v.code for v in values), *(f"{n}={v.code}" for n, v in zip(names, named, strict=True))])
    plan = ", ".join([*(v.plan for v in values), *(f"{n}={v.plan}" for n, v in zip(names, named, strict=True))])
    awaited = draw(st.sampled_from(("", "", "await ")))
    return Both(
        f"({awaited}{tool}({code}))" if awaited and depth < 1 else f"{awaited}{tool}({code})", f"{tool}({plan})"
    )


def _statement(draw: st.DrawFn, program: Program) -> None:
    """One statement."""
    name, other = draw(st.sampled_from(_variables)), draw(st.sampled_from(_variables))
    call = _call(draw, program)
    match draw(
        st.sampled_from(("call", "assign", "typed", "twice", "print", "list", "pair", "gather", "step", "constant"))
    ):
        case "assign":
            program.code.append(f"{name} = {call.code}")
            program.bound[name] = program.task(call.plan)
        case "typed":
            program.code.append(f"{name}: dict[str, Any] | None = {call.code}")
            program.bound[name] = program.task(call.plan)
        case "twice":
            program.code.append(f"{name} = {other} = {call.code}")
            program.bound[name] = program.bound[other] = program.task(call.plan)
        case "print":
            program.code.append(f"print({call.code}, sep='')")
            program.task(call.plan)
        case "list":
            second = _call(draw, program)
            program.code.append(f"{name} = [{call.code}, {second.code}]")
            program.bound[name] = [program.task(call.plan), program.task(second.plan)]
        case "pair" | "gather" as kind:
            second = _call(draw, program)
            both = f"{call.code}, {second.code}"
            program.code.append(f"a, b = {both}" if kind == "pair" else f"a, b = await asyncio.gather({both})")
            program.bound["a"], program.bound["b"] = program.task(call.plan), program.task(second.plan)
        case "step":
            plain = f"search({draw(st.integers(1, 9))})"
            program.code.append(f"{name} = {plain}[0].name")
            program.bound[name] = f"{program.task(plain)}[0].name"
        case "constant":
            program.code.append(f"{name} = 'Rome'")
            program.bound[name] = ['"Rome"']
            program.code[-1] = f"{name} = ['Rome']"
        case _:
            program.code.append(call.code)
            program.task(call.plan)


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, int, list[str]]:
    """A program, the number of its first task, and the statements of its plan."""
    program = Program(draw(st.sampled_from((1, 7))))
    program.code.append("note('begin')")
    program.task("note('begin')")
    for _ in range(draw(st.integers(1, 2))):
        _statement(draw, program)
    comment = draw(st.sampled_from(("", "  # then")))
    between = draw(st.sampled_from(("\n", "\n\n# a comment, f(1)\n", "; ")))
    code = between.join(f"{line}{comment if between != '; ' else ''}" for line in program.code)
    opening, closing = draw(
        st.sampled_from(
            (
                ("", ""),
                ("\n  \n", "\n\n"),
                ("```python\n", "\n```"),
                ("```tool_code\n", "\n```\n"),
                ("<tool_call>\n", "\n</tool_call>"),
                ("I look.\n<tool_call>", "</tool_call>\nWait."),
            )
        )
    )
    return opening + code + closing, program.first, program.plan
