"""Merge a broken plan with its planner's next reply, or say why the reply is unclear.

    broken         1. total([$1, $2])            an earlier plan uses the numbers 1 and 2
                   2. join("Both cost $1.")
    reply          4. total([$1, $2])
    merged         4. total([$1, $2])
                   2. join("Both cost $4.")      references follow the new number

Statements of the reply replace broken lines with the same id. If all ids are new, they replace the broken lines in
order. A reply that contradicts an intact line becomes the plan if it is complete: it has a join, and does not read the
broken plan. Any other reply is unclear.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from llmc_grammar import Parsed, ast, parse, print_statement
from llmc_grammar.source import Span
from llmc_runtime.agent.plan_statements import numbered, references, renamed
from llmc_runtime.agent.planning.plan_reader import PlanReader, open_text
from llmc_runtime.agent.planning.plan_repair import JOIN, BrokenPlan, ReplyLine
from llmc_runtime.agent.planning.repeated_writes import repeated

REPLACES: Final = "It is not clear which lines of the plan these lines replace."
UNREADABLE: Final = "A line of this cannot be read."
RENUMBERED: Final = "It is not clear what `${}` means, since its task has another number now."
TWICE: Final = "It is not clear whether `{}` is to happen twice."
LOST: Final = "It is not clear whether `{}` is still to be called."

Step = ast.Task | ast.Join

_BLANKS_AND_NAMES: Final = re.compile(r"(?<=[(,])\s*\w+\s*=(?!=)|\s+")
_NUMBER: Final = re.compile(r"(?<![\w.])[0-9]{1,15}(?:\.[0-9]+)?(?:e[0-9]{1,2})?(?![\w.])", re.IGNORECASE)
_WORD_AT_END: Final = re.compile(r"[\w.]*$")
_TOOL: Final = re.compile(r"([A-Za-z_][\w.]*)\(")


@dataclass(frozen=True, slots=True)
class MergedReply:
    """The text of a merged plan; `is_answered` is True if the reply covers all broken lines.

    `unclear` says why the reply is ambiguous; the text is then the old one. `moved` are the spans of statements whose
    boundary a repair decided, and `unended` is the span of a last task that may be incomplete. `is_new` is True if the
    reply itself is the plan. `cuts` are the truncated statements at the ends of replies.
    """

    text: str
    is_answered: bool
    unclear: str | None = None
    moved: tuple[Span, ...] = ()
    unended: Span | None = None
    is_new: bool = False
    cuts: tuple[str, ...] = ()


def merged(broken: BrokenPlan, parsed: Parsed, reader: PlanReader, *, complete: bool = True) -> MergedReply:
    """Merge a parsed reply into a broken plan; `complete=False` marks a truncated reply."""
    reply = parsed.source.text
    steps = [statement for statement in parsed.plan.statements if isinstance(statement, (ast.Task, ast.Join))]
    is_whole = _is_whole(steps, broken, reader) and not any(_goes_on(old, steps[0], reply) for old in broken.cuts)
    cut = "" if complete else open_text(parsed)
    cuts = (*(() if steps else broken.cuts), *((cut,) if cut else ()))
    if any(_may_continue(old, reply, parsed, reader, complete=complete) for old in broken.cuts):
        return MergedReply(_text(broken), is_answered=False, unclear=REPLACES, cuts=cuts)
    if not broken.lines or (is_whole and broken.unclear is not None):
        return MergedReply(reply, is_answered=True, is_new=True)
    if parsed.dialect is not None:
        if _reads_itself(steps):
            return MergedReply(_text(broken), is_answered=False, unclear=REPLACES, cuts=cuts)
        # The numbers and the join of a reply in another form are not its planner's.
        steps, is_whole = [replace(step, binder=None) for step in steps if isinstance(step, ast.Task)], False
    match = _Match(broken, steps)
    unclear = broken.unclear or (UNREADABLE if parsed.lost else match.unclear(reader, is_whole=is_whole))
    if unclear is None:
        return replace(_spliced(match, parsed), cuts=cuts)
    if is_whole and not match.fits:
        return MergedReply(reply, is_answered=True, is_new=True)
    return MergedReply(_text(broken), is_answered=False, unclear=unclear, cuts=cuts)


def _reads_itself(steps: Sequence[Step]) -> bool:
    """Whether a statement reads another statement of the same reply."""
    ids = {step.binder for step in steps}
    return any(ref.name in ids for step in steps for ref in references(step))


def _text(broken: BrokenPlan) -> str:
    """Return the text of the broken plan."""
    return "".join(f"{line.text}\n" for line in broken.lines)


def _may_continue(cut: str, reply: str, parsed: Parsed, reader: PlanReader, *, complete: bool) -> bool:
    """Whether a reply may continue the truncated statement `cut`, with another meaning."""
    steps = (statement for statement in parsed.plan.statements if isinstance(statement, (ast.Task, ast.Join)))
    first = next(steps, None)
    if first is None:
        return False
    text = cut + reply
    joined = reader.read(text, complete=complete).plan.statements
    across = next((statement for statement in joined if statement.span.start < len(cut) < statement.span.end), None)
    if isinstance(across, (ast.Task, ast.Join)) and parse(text[slice(*across.span)]).ok:
        tools = reader.tools
        is_known = all(call.tool in tools or tools.is_function(call.tool) for call in ast.calls(across))
        return is_known and _without_id(across) != _without_id(first)
    # A call without a number may continue a truncated thought, comment or prose.
    is_bare = isinstance(first, ast.Task) and first.binder is None
    return is_bare and not any(_without_id(statement) == _without_id(first) for statement in joined)


def _goes_on(cut: str, first: Step, reply: str) -> bool:
    """Whether a reply's first statement is the truncated statement `cut`, with the same id and the same beginning."""
    beginning = _plain(_WORD_AT_END.sub("", cut))
    has_id = isinstance(first, ast.Task) and first.binder is not None
    return has_id and "(" in beginning and _plain(reply[slice(*first.span)]).startswith(beginning)


def _plain(text: str) -> str:
    """Return a text without spaces and argument names, with one kind of quotes and one form of each number."""
    text = _BLANKS_AND_NAMES.sub("", text).replace("'", '"')
    return _NUMBER.sub(lambda match: repr(float(match[0])), text)


def _spliced(match: "_Match", parsed: Parsed) -> MergedReply:
    """Build the broken plan with its lines replaced."""
    text, moved, unended = "", [], None
    for line, span in match.lines():
        place = Span(len(text), len(text) + len(line.text))
        text += f"{line.text}\n"
        if line.is_moved or (span is not None and any(span.start <= other.start < span.end for other in parsed.moved)):
            moved.append(place)
        if line.is_unended or (span is not None and span == parsed.unended):
            unended = place
    return MergedReply(text, not match.missing, moved=tuple(moved), unended=unended)


def _is_whole(steps: Sequence[Step], broken: BrokenPlan, reader: PlanReader) -> bool:
    """Whether statements form a complete plan: they have a join, and do not read the broken plan."""
    defined: set[str] = set(reader.taken)
    ids = {id(task): name for name, task in numbered(steps, reader.highest)}
    others = {line.id for line in broken.lines}
    for step in steps:
        if any(ref.name in others and ref.name not in defined for ref in references(step)):
            return False
        defined.add(ids.get(id(step), JOIN))
    return any(isinstance(step, ast.Join) for step in steps)


@dataclass(slots=True)
class _Match:
    """The lines of a broken plan that the statements of a reply replace.

    `replaced` maps the index of a line to its new statement, `added` to the new statements before it; `rest` comes
    last. `missing` are the broken lines without a new statement, `paired` those that are replaced in order although
    another statement has the id of a broken line. `fits`: no statement contradicts an intact line.
    """

    broken: BrokenPlan
    steps: Sequence[Step]
    replaced: dict[int, Step] = field(default_factory=dict)
    added: dict[int, list[Step]] = field(default_factory=dict)
    rest: list[Step] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    paired: frozenset[int] = frozenset()
    fits: bool = True

    def __post_init__(self) -> None:
        """Find the line of each statement."""
        lines = self.broken.lines
        self.missing = [index for index, line in enumerate(lines) if line.is_broken and line.id is not None]
        self.steps = _numbered_as(self.steps, [lines[index].id for index in self.missing if lines[index].id != JOIN])
        fresh: list[Step] = []
        for step in self.steps:
            key = _id(step)
            index = next((number for number in self.missing if lines[number].id == key), None)
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
        self.paired = frozenset(pairs if self.replaced else ())
        self.replaced.update(pairs)
        self.missing, self.added, self.rest = [], {}, []

    def unclear(self, reader: PlanReader, *, is_whole: bool) -> str | None:
        """Return why the reply is ambiguous, or None."""
        if not self.fits:
            return REPLACES
        names = self._names(len(self.broken.lines))
        seen: set[str] = set()
        for step in self.steps:
            for ref in references(step):
                if ref.name in seen:
                    return RENUMBERED.format(ref.name)
            seen |= {old for old, new in names.items() if new == _id(step)}
        intact = [line.statement for index, line in enumerate(self.broken.lines) if index not in self.replaced]
        new = (*self.rest, *(step for steps in self.added.values() for step in steps))
        if (twice := repeated(new, intact, reader, is_whole=is_whole)) is not None:
            return TWICE.format(print_statement(twice))
        return self._lost_write(reader)

    def _lost_write(self, reader: PlanReader) -> str | None:
        """Return why the reply is ambiguous if a broken line contains a write that the reply drops."""
        now = {call.tool for step in self.steps for call in ast.calls(step)}
        for index in self.replaced:
            names = _TOOL.findall(self.broken.lines[index].text)
            # A line with the same id may replace its own call, but must keep the calls of lines that it swallowed.
            lost_names = names if index in self.paired else names[1:]
            tools = (reader.tools.get(name) for name in lost_names if name not in now)
            if (lost := next((tool for tool in tools if tool is not None and tool.effect.may_write), None)) is not None:
                return LOST.format(lost.name)
        return None

    def _names(self, before: int) -> dict[str, str]:
        """Map the old ids of renumbered lines before this index to their new ids."""
        lines = self.broken.lines
        pairs = ((index, lines[index].id, _id(step)) for index, step in self.replaced.items() if index < before)
        # An id that was defined twice belongs to its first line.
        return {
            old: new
            for index, old, new in pairs
            if old is not None and new is not None and old != new and all(line.id != old for line in lines[:index])
        }

    def lines(self) -> Iterator[tuple[ReplyLine, Span | None]]:
        """Yield the lines of the merged plan, each with its span in the reply if it comes from there."""
        for index, line in enumerate(self.broken.lines):
            yield from map(_written, self.added.get(index, ()))
            if index in self.replaced:
                yield _written(self.replaced[index])
            elif line.statement is not None and (names := self._names(index)):
                yield replace(line, text=print_statement(renamed(line.statement, names))), None
            else:
                yield line, None
        yield from map(_written, self.rest)


def _written(step: Step) -> tuple[ReplyLine, Span]:
    """Return a statement of a reply as a line, with its span."""
    return ReplyLine(print_statement(step), _id(step), step), step.span


def _id(step: Step) -> str | None:
    """Return the id of a statement."""
    return JOIN if isinstance(step, ast.Join) else step.binder


def _tool(text: str) -> str | None:
    """Return the first tool that a line calls."""
    match = _TOOL.search(text)
    return match[1] if match else None


def _numbered_as(steps: Sequence[Step], ids: Sequence[str | None]) -> list[Step]:
    """Give statements without an id the ids of the broken lines, in order, if the counts are equal."""
    tasks = [step for step in steps if isinstance(step, ast.Task)]
    places = dict(zip(map(id, tasks), ids, strict=False)) if len(tasks) == len(ids) else {}
    return [
        replace(step, binder=places.get(id(step))) if isinstance(step, ast.Task) and step.binder is None else step
        for step in steps
    ]


def _without_id(statement: ast.Statement | None) -> ast.Statement | None:
    """Return a statement without its number or name."""
    return replace(statement, binder=None) if isinstance(statement, (ast.Task, ast.Join)) else statement
