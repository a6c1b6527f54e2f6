"""A broken plan and its planner's next reply, put together: the plan that the planner means, or why that is unclear.

    broken         1. total([$1, $2])            1 and 2 are taken by an earlier plan
                   2. join("Both cost $1.")
    reply          4. total([$1, $2])
    mended         4. total([$1, $2])
                   2. join("Both cost $4.")      a task with another number has it in its uses too

Statements of the reply replace broken lines of the same id; if all are new, they replace the broken lines in order. A
reply that contradicts lines which stand is the plan itself if it is complete: it has a join, and reads nothing of the
broken plan. Everything else is unclear.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from llmc_grammar import Parsed, ast, parse, print_statement
from llmc_grammar.source import Span
from llmc_runtime.agent.reader import PlanReader, open_text
from llmc_runtime.agent.repair import JOIN, Broken, Line
from llmc_runtime.agent.repeated_writes import repeated
from llmc_runtime.agent.written import calls, numbered, references, renamed

REPLACES: Final = "It is not clear which lines of the plan these lines replace."
UNREADABLE: Final = "A line of this cannot be read."
RENUMBERED: Final = "It is not clear what `${}` means, since its task has another number now."
TWICE: Final = "It is not clear whether `{}` is to happen twice."
LOST: Final = "It is not clear whether `{}` is still to be called."

Step = ast.Task | ast.Join

_TOOL: Final = re.compile(r"([A-Za-z_][\w.]*)\(")


@dataclass(frozen=True, slots=True)
class Mended:
    """The text of a mended plan; `is_answered`: no line of it is broken any more.

    `unclear` says why nobody can tell what the reply means; then the text is the old one. `moved` are the places of
    statements of which a repair decided where they begin or end, and `unended` that of one that may go on. `is_new`:
    the reply itself is the plan. `cuts` are the beginnings of statements at which replies broke off.
    """

    text: str
    is_answered: bool
    unclear: str | None = None
    moved: tuple[Span, ...] = ()
    unended: Span | None = None
    is_new: bool = False
    cuts: tuple[str, ...] = ()


def mended(broken: Broken, reply: str, reader: PlanReader, *, complete: bool = True) -> Mended:
    """The plan after a reply to the request for its broken lines; one that is not `complete` breaks off."""
    parsed = reader.read(reply, complete=complete)
    steps = [each for each in parsed.plan.statements if isinstance(each, (ast.Task, ast.Join))]
    is_whole = _is_whole(steps, broken, reader)
    cut = "" if complete else open_text(parsed)
    cuts = (*(() if steps else broken.cuts), *((cut,) if cut else ()))
    if any(_may_continue(each, reply, parsed, reader, complete=complete) for each in broken.cuts):
        return Mended(_text(broken), is_answered=False, unclear=REPLACES, cuts=cuts)
    if not broken.lines or (is_whole and broken.unclear is not None):
        return Mended(reply, is_answered=True, is_new=True)
    match = _Match(broken, steps)
    unclear = broken.unclear or (UNREADABLE if parsed.lost else match.unclear(reader, is_whole=is_whole))
    if unclear is None:
        return replace(_spliced(match, parsed), cuts=cuts)
    if is_whole and not match.fits:
        return Mended(reply, is_answered=True, is_new=True)
    return Mended(_text(broken), is_answered=False, unclear=unclear, cuts=cuts)


def _text(broken: Broken) -> str:
    """The broken plan as it stands."""
    return "".join(f"{line.text}\n" for line in broken.lines)


def _may_continue(cut: str, reply: str, parsed: Parsed, reader: PlanReader, *, complete: bool) -> bool:
    """Whether a reply may go on in the middle of the statement that was cut, and then says something else."""
    first = next((each for each in parsed.plan.statements if isinstance(each, (ast.Task, ast.Join))), None)
    if first is None:
        return False
    text = cut + reply
    joined = reader.read(text, complete=complete).plan.statements
    across = next((each for each in joined if each.span.start < len(cut) < each.span.end), None)
    if isinstance(across, (ast.Task, ast.Join)) and parse(text[slice(*across.span)]).ok:
        is_known = all(call.tool in reader.tools for call in calls(across))
        return is_known and _without_id(across) != _without_id(first)
    # Behind a thought, a comment or prose that was cut, a call without a number may belong to that.
    is_bare = isinstance(first, ast.Task) and first.binder is None
    return is_bare and not any(_without_id(each) == _without_id(first) for each in joined)


def _spliced(match: "_Match", parsed: Parsed) -> Mended:
    """The broken plan with the statements that replace its lines."""
    text, moved, unended = "", [], None
    for line, span in match.lines():
        place = Span(len(text), len(text) + len(line.text))
        text += f"{line.text}\n"
        if line.is_moved or (span is not None and any(span.start <= other.start < span.end for other in parsed.moved)):
            moved.append(place)
        if line.is_unended or (span is not None and span == parsed.unended):
            unended = place
    return Mended(text, not match.missing, moved=tuple(moved), unended=unended)


def _is_whole(steps: Sequence[Step], broken: Broken, reader: PlanReader) -> bool:
    """Whether statements are a plan of their own: with a join, and without uses of lines of the broken plan."""
    known: set[str] = set(reader.taken)
    ids = {id(task): name for name, task in numbered(steps, reader.highest)}
    others = {line.id for line in broken.lines}
    for step in steps:
        if any(ref.name in others and ref.name not in known for ref in references(step)):
            return False
        known.add(ids.get(id(step), JOIN))
    return any(isinstance(step, ast.Join) for step in steps)


@dataclass(slots=True)
class _Match:
    """Which lines of a broken plan the statements of a reply replace.

    `replaced` has the new statements by the index of their line, `added` those that come in front of a line; `rest`
    comes last. `missing` are broken lines that were not written again. `fits`: no statement contradicts a line that
    stands.
    """

    broken: Broken
    steps: Sequence[Step]
    replaced: dict[int, Step] = field(default_factory=dict)
    added: dict[int, list[Step]] = field(default_factory=dict)
    rest: list[Step] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    fits: bool = True

    def __post_init__(self) -> None:
        """Find the line of each statement."""
        lines = self.broken.lines
        self.missing = [index for index, line in enumerate(lines) if line.is_broken and line.id is not None]
        self.steps = _numbered_as(self.steps, [lines[index].id for index in self.missing if lines[index].id != JOIN])
        fresh: list[Step] = []
        for step in self.steps:
            key = _id(step)
            index = next((each for each in self.missing if lines[each].id == key), None)
            if index is not None:
                self.fits &= index > max(self.replaced, default=-1)
                self.missing.remove(index)
                self.replaced[index] = step
                self.added[index], self.rest = self.rest, []
                continue
            if key is None or not any(line.id == key for line in lines):
                fresh.append(step)
                self.rest.append(step)
            else:
                self.fits &= any(line.id == key and _without_id(line.statement) == _without_id(step) for line in lines)
        if fresh and self.missing:
            self._pair(fresh)
        elif self.rest and not self.broken.is_cut:
            self.fits &= all(isinstance(step, ast.Join) for step in self.rest)
        elif self.rest:
            self.fits &= all(line.id != JOIN for line in lines)

    def _pair(self, fresh: Sequence[Step]) -> None:
        """Replace the broken lines by statements with other ids, in their order."""
        lines = self.broken.lines
        pairs = dict(zip(self.missing, fresh, strict=False))
        tools = {index: _tool(lines[index].text) for index in pairs}
        places = {id(step): index for index, step in (*self.replaced.items(), *pairs.items())}
        order = [places[id(step)] for step in self.steps if id(step) in places]
        self.fits &= len(fresh) == len(self.missing) and order == sorted(order)
        for index, step in pairs.items():
            if _id(step) is None:
                pairs[index] = replace(step, binder=lines[index].id)
            tool = _tool(print_statement(step))
            self.fits &= tool == tools[index] or tool not in tools.values()
            self.fits &= isinstance(step, ast.Join) == (lines[index].id == JOIN)
        self.replaced.update(pairs)
        self.missing, self.added, self.rest = [], {}, []

    def unclear(self, reader: PlanReader, *, is_whole: bool) -> str | None:
        """Why nobody can tell what the reply means, if so."""
        if not self.fits:
            return REPLACES
        names = self._names(len(self.broken.lines))
        seen: set[str] = set()
        for step in self.steps:
            for ref in references(step):
                if ref.name in seen:
                    return RENUMBERED.format(ref.name)
            seen |= {old for old, new in names.items() if new == _id(step)}
        kept = [line for index, line in enumerate(self.broken.lines) if index not in self.replaced]
        new = (*self.rest, *(each for steps in self.added.values() for each in steps))
        if (twice := repeated(new, [line.statement for line in kept], reader, is_whole=is_whole)) is not None:
            return TWICE.format(print_statement(twice))
        return self._lost_write(reader)

    def _lost_write(self, reader: PlanReader) -> str | None:
        """Why it is unclear what becomes of writes inside of broken lines, which may have swallowed others."""
        now = {call.tool for step in self.steps for call in calls(step)}
        for index in self.replaced:
            _, *inside = _TOOL.findall(self.broken.lines[index].text) or [""]
            tools = (reader.tools.get(name) for name in inside if name not in now)
            if (lost := next((tool for tool in tools if tool is not None and tool.effect.may_write), None)) is not None:
                return LOST.format(lost.name)
        return None

    def _names(self, before: int) -> dict[str, str]:
        """The new ids of lines before this index whose ids have changed, by the old ones."""
        lines = self.broken.lines
        pairs = ((index, lines[index].id, _id(step)) for index, step in self.replaced.items() if index < before)
        # An id that was defined twice is that of its first line.
        return {
            old: new
            for index, old, new in pairs
            if old is not None and new is not None and old != new and all(line.id != old for line in lines[:index])
        }

    def lines(self) -> Iterator[tuple[Line, Span | None]]:
        """The lines of the mended plan; with those of the reply, their places in it."""
        for index, line in enumerate(self.broken.lines):
            yield from map(_written, self.added.get(index, ()))
            if index in self.replaced:
                yield _written(self.replaced[index])
            elif line.statement is not None and (names := self._names(index)):
                yield replace(line, text=print_statement(renamed(line.statement, names))), None
            else:
                yield line, None
        yield from map(_written, self.rest)


def _written(step: Step) -> tuple[Line, Span]:
    """A statement of a reply as a line, with its place."""
    return Line(print_statement(step), _id(step), step), step.span


def _id(step: Step) -> str | None:
    """What a statement is known by."""
    return JOIN if isinstance(step, ast.Join) else step.binder


def _tool(text: str) -> str | None:
    """The first tool that a line calls."""
    found = _TOOL.search(text)
    return found[1] if found else None


def _numbered_as(steps: Sequence[Step], ids: Sequence[str | None]) -> list[Step]:
    """Statements of which those without an id have that of the broken line in the same place, if there are as many."""
    tasks = [step for step in steps if isinstance(step, ast.Task)]
    places = dict(zip(map(id, tasks), ids, strict=False)) if len(tasks) == len(ids) else {}
    return [
        replace(step, binder=places.get(id(step))) if isinstance(step, ast.Task) and step.binder is None else step
        for step in steps
    ]


def _without_id(statement: ast.Statement | None) -> ast.Statement | None:
    """A statement without its number or name."""
    return replace(statement, binder=None) if isinstance(statement, (ast.Task, ast.Join)) else statement
