"""What is wrong with a plan that a grammar let through."""

from dataclasses import dataclass

from llmc import Bounds, Diagnostic, Toolbox
from llmc_compiler.compiler import check
from llmc_compiler.diagnostics.plan_errors import UnusedTask
from llmc_grammar import Parsed, ast, parse
from llmc_grammar.check import parts
from llmc_grammar.stream import Mode

BY_TYPE = frozenset({"E212", "E215", "E218"})
"""Mistakes that may be those of a reference's type: an argument, an operand, the source of a loop."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The mistakes of a plan: of its own, and of the types of what its references read."""

    text: str
    own: tuple[Diagnostic, ...]
    by_type: tuple[Diagnostic, ...]

    def __str__(self) -> str:
        """The plan and its own mistakes."""
        mistakes = ", ".join(f"{one.code} at {self.text[slice(*one.span)]!r}" for one in self.own)
        return f"{mistakes}\n{self.text}"


def judge(text: str, tools: Toolbox) -> Verdict:
    """Read and compile a plan, strictly and within the bounds of a model's text; warnings count.

    A result that nothing uses is no mistake of a grammar.
    """
    found = [one for one in check(read(text), tools) if not isinstance(one, UnusedTask)]
    # The type of what a reference reads depends on the tool that was called above, which no rule can know.
    by_type = [one for one in found if one.code == "E217" or (one.code in BY_TYPE and refers(text[slice(*one.span)]))]
    own = [one for one in found if one not in by_type]
    return Verdict(text, tuple(own), tuple(by_type))


def judge_syntax(text: str) -> Verdict:
    """Read a plan; warnings do not count."""
    return Verdict(text, tuple(one for one in read(text).diagnostics if one.severity == "error"), ())


def read(text: str, mode: Mode = "strict") -> Parsed:
    """A plan, read within the bounds of a model's text."""
    return parse(text, mode=mode, bounds=Bounds.MODEL, header=False)


def refers(value: str) -> bool:
    """Whether a value, as it is written, refers to something."""
    (task,) = parse(f"f({value})").plan.statements
    assert isinstance(task, ast.Task)
    return any(map(_is_reference, parts(task.expr)))


def _is_reference(expr: ast.Expr) -> bool:
    """Whether an expression reads something."""
    return isinstance(expr, ast.Ref) or (
        isinstance(expr, ast.Text) and any(isinstance(part, ast.Slot) for part in expr.parts)
    )
