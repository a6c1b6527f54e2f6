"""A story as JSON data, for machines; docs/reference/explanation.md describes the keys."""

from typing import Any, Final

from llmc_compiler.analysis.what_if import DeclarationGain, PlanForecast
from llmc_compiler.explain.story_data import OrderEdge, PassEntry, StoryData
from llmc_compiler.passes.remarks import Merged, Missed
from llmc_compiler.serialization.graph_json import LANGUAGE
from llmc_grammar.source import Source, Span

VERSION: Final = 1


def story_json(story: StoryData) -> dict[str, Any]:
    """Return the story as JSON data."""
    estimate, schedule = story.estimate, story.schedule
    return {
        "version": VERSION,
        "language": LANGUAGE,
        "file": story.source.name,
        "passes": list(story.passes),
        "calls": {"written": story.written, "left": story.left},
        "remarks": [_remark(told, story.source) for told in story.remarks],
        "order": [_edge(edge, story.source) for edge in story.order],
        "declarations": [_gain(gain) for gain in story.gains],
        "levels": [[node.id for node in level] for level in story.levels],
        "time": {
            "unit": estimate.unit,
            "work": estimate.work,
            "span": estimate.span,
            "chain": [node.id for node in story.chain],
            "assumed": list(story.assumed),
            "measured": list(story.measured),
            "width": None if schedule is None else schedule.width,
            "bound": estimate.span if schedule is None else schedule.bound,
            "expected": estimate.span if schedule is None else schedule.expected,
        },
    }


def _remark(told: PassEntry, source: Source) -> dict[str, Any]:
    """Return a remark as data and in words."""
    remark = told.remark
    return {
        "pass": told.pass_name,
        "kind": type(remark).__name__,
        "done": not isinstance(remark, Missed),
        "node": remark.node,
        "tasks": list(remark.tasks),
        "place": _place(remark.span, source),
        "into": remark.into if isinstance(remark, Merged) else None,
        "now": told.now or None,
        "what": remark.words("what", source),
        "why": remark.words("why", source),
        "help": remark.words("help", source) or None,
    }


def _place(span: Span, source: Source) -> dict[str, int | str]:
    """Return the start of a span as a line and a column, counted from 1, with the file if it is another plan's."""
    line, column = source.position(span.start)
    file = source.file_of(span)
    return {"line": line, "column": column} | ({} if file is None else {"file": file})


def _edge(edge: OrderEdge, source: Source) -> dict[str, Any]:
    """Return an order edge with the effects that cause it."""
    ends = ((edge.earlier, edge.earlier_effect), (edge.later, edge.later_effect))
    earlier, later = (
        {"node": node.id, "place": _place(node.span, source), "effect": str(effect)} for node, effect in ends
    )
    return {"earlier": earlier, "later": later, "carried": edge.is_carried}


def _gain(gain: DeclarationGain) -> dict[str, Any]:
    """Return the benefit of declarations for a tool."""
    return {
        "tool": gain.tool,
        "effect": str(gain.effect),
        **_outlook(gain.now),
        "declared": [{"effect": str(effect), **_outlook(outlook)} for effect, outlook in gain.declared],
    }


def _outlook(outlook: PlanForecast) -> dict[str, Any]:
    """Return the three figures of a compiled plan."""
    return {"calls": outlook.calls, "waiting": outlook.waiting, "span": outlook.span}
