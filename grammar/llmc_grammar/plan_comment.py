"""The comment at the top of a plan, which describes it."""

from llmc_grammar.ast import Plan
from llmc_grammar.source import Source


def plan_comment(source: Source, plan: Plan) -> str:
    """Return the comment above the first statement of a plan, without its marks, or an empty text."""
    if not plan.statements:
        return ""
    above = source.position(plan.statements[0].span.start)[0] - 1
    lines: list[str] = []
    for number in range(above, 0, -1):
        line = source.line(number).strip()
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return "\n".join(reversed(lines)).strip()
