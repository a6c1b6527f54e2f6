"""Plans of ReWOO: `Plan: …` is a thought, `#E1 = Search[tea]` a call of `search` with the text `tea`.

`#E1` in a later text refers to the result of that call. The text in square brackets becomes the tool's one required
argument; dollar signs in it are text. `#E1 = search(query="tea")` has ordinary arguments. `Action: Search[tea]`, as in
ReAct, is a call without a name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from llmc_grammar.dialects.form import Rewritten, Target, Written, argument_name, plain_string, without_end
from llmc_grammar.dialects.rewoo_lines import USE, Evidence, Idea, items
from llmc_grammar.errors.repairs import UnreadableCall
from llmc_grammar.source import Span
from llmc_grammar.statement import kind_of, parses

NAME: Final = "rewoo"

_QUOTES: Final = {'"': '"', "'": "'", "\u201c": "\u201d"}
_FINISH: Final = "finish"


def rewrite(text: str, target: Target) -> Rewritten | None:
    """Return the thoughts and calls of a text as statements, None if any part has another form."""
    lines = items(without_end(text))
    calls = [item for item in lines or () if isinstance(item, Evidence)]
    plan = _Plan(text, target, _folded(target))
    tools = [plan.tool(call) for call in calls]
    is_plan = any(target.has(tool) or not target.is_known for tool in tools)
    is_over = any(call.name is None and tool.casefold() == _FINISH for call, tool in zip(calls, tools, strict=True))
    if not lines or not is_plan or (is_over and not target.has(plan.folded.get(_FINISH, _FINISH))):
        return None
    if any(isinstance(item, Idea) and _hides_call(item, text, target) for item in lines):
        return None
    statements = [plan.call(item) if isinstance(item, Evidence) else _thought(item, text) for item in lines]
    return Rewritten(tuple(statements))


def _folded(target: Target) -> dict[str, str]:
    """Return the tools by case-folded name, without names that differ only in case."""
    if not target.is_known or not isinstance(target.tools, Iterable):
        return {}
    names: dict[str, list[str]] = {}
    for tool in target.tools:
        name = str(getattr(tool, "name", tool))
        names.setdefault(name.casefold(), []).append(name)
    return {folded: found[0] for folded, found in names.items() if len(found) == 1}


def _hides_call(idea: Idea, text: str, target: Target) -> bool:
    """Whether a line of a thought after the first calls a tool."""
    return any(target.is_called_in(text[line.start : line.end]) for line in idea.lines[1:])


def _thought(idea: Idea, text: str) -> Written:
    """Write a thought."""
    words = " ".join(" ".join(text[line.start : line.end] for line in idea.lines).split())
    written = Written()
    written.add("Thought: ", idea.start, idea.lines[0].start)
    written.add(words, idea.lines[0].start, idea.lines[-1].end)
    return written


@dataclass(slots=True)
class _Plan:
    """The calls of a text; `numbers` has the task numbers of earlier calls by name, `bare` the names without a `#`."""

    text: str
    target: Target
    folded: dict[str, str]
    numbers: dict[str, int] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    _count: int = 0

    def tool(self, call: Evidence) -> str:
        """Return the name of a call's tool in the toolbox, or the name in the text if the toolbox does not have it."""
        written = self.text[call.tool.start : call.tool.end]
        name = self.target.tool(written) or written
        return name if self.target.has(name) else self.folded.get(name.casefold(), name)

    def call(self, call: Evidence) -> Written:
        """Write a call."""
        written = Written()
        written.add(self.target.binder(self._count), call.start, call.tool.start)
        tool = self.tool(call)
        written.add(tool, call.tool.start, call.tool.end)
        written.add("(", call.tool.end, call.content.start)
        self._argument(written, call, tool)
        written.add(")", call.content.end, call.end)
        if call.mistake:
            written.found.append(UnreadableCall(span=Span(call.start, call.end), why=call.mistake))
        self._define(written, call)
        return written

    def _define(self, written: Written, call: Evidence) -> None:
        """Record the name of a call."""
        number = self.target.first + self._count
        self._count += 1
        if call.name is None:
            return
        name = self.text[call.name.start : call.name.end].upper()
        if name in self.numbers:
            why, suggestion = f"`#{name}` is the name of a call above", "give each call a different name"
            written.found.append(UnreadableCall(span=call.name, why=why, suggestion=suggestion))
        self.numbers.setdefault(name, number)
        if call.is_bare:
            self.bare.add(name)

    def _argument(self, written: Written, call: Evidence, tool: str) -> None:
        """Write the arguments in round brackets, or the text as the only argument."""
        content = self.text[call.content.start : call.content.end]
        if call.is_call and not content.strip():
            return
        if call.is_call and (pieces := self._expression(written, call.content)):
            for piece, place in pieces:
                written.add(piece, place.start, place.end)
            return
        start = call.content.start + len(content) - len(content.lstrip())
        span = _within_quotes(self.text, Span(start, max(start, call.content.start + len(content.rstrip()))))
        names = self.target.required(tool)
        if span.start == span.end and not names:
            return
        if names is not None and len(names) != 1:
            written.found.append(_several(tool, names, call))
        name = argument_name(names[0]) if names and len(names) == 1 else None
        written.add(f"{name}=" if name else "", span.start, span.start)
        self._string(written, span)

    def _string(self, written: Written, span: Span) -> None:
        """Write a text as a string with references."""
        written.add('"', span.start, span.start)
        done = span.start
        for place, number in self._uses(written, span):
            self._piece(written, Span(done, place.start))
            is_whole = place == span
            written.add(f"${number}" if is_whole else f"${{{number}}}", place.start, place.end)
            done = place.end
        self._piece(written, Span(done, span.end))
        written.add('"', span.end, span.end)

    def _piece(self, written: Written, span: Span) -> None:
        """Write a text between references."""
        written.add(plain_string(self.text[span.start : span.end])[1:-1], span.start, span.end)

    def _expression(self, written: Written, span: Span) -> list[tuple[str, Span]] | None:
        """Return arguments with references instead of call names, None if they are not valid arguments."""
        mistakes = len(written.found)
        pieces: list[tuple[str, Span]] = []
        done = span.start
        quote = ""
        for place, number in self._uses(written, span):
            before = self.text[done : place.start]
            quote = _open_quote(before, quote)
            pieces.append((before, Span(done, place.start)))
            pieces.append((f"${{{number}}}" if quote else f"${number}", place))
            done = place.end
        pieces.append((self.text[done : span.end], Span(done, span.end)))
        text = f"1. f({''.join(piece for piece, _ in pieces)})"
        if parses(text, kind_of(text)):
            return pieces
        del written.found[mistakes:]
        return None

    def _uses(self, written: Written, span: Span) -> list[tuple[Span, int]]:
        """Return the spans of references to earlier calls with the task numbers; report unknown names."""
        uses: list[tuple[Span, int]] = []
        for use in USE.finditer(self.text, span.start, span.end):
            number = self.numbers.get(use["name"].upper())
            if number is not None and (use["sign"] or use["name"].upper() in self.bare):
                uses.append((Span(*use.span()), number))
            elif number is None and use["sign"] and not self.text[use.start() - 1].isalnum():
                why, suggestion = f"no call above is named `{use[0]}`", "refer to a call above"
                written.found.append(UnreadableCall(span=Span(*use.span()), why=why, suggestion=suggestion))
        return uses


def _within_quotes(text: str, span: Span) -> Span:
    """Return the span of a text without the quotes that enclose all of it."""
    inside = text[span.start + 1 : span.end - 1]
    quote = text[span.start : span.start + 1]
    closing = _QUOTES.get(quote)
    if span.end - span.start <= 1 or text[span.end - 1] != closing or quote in inside or closing in inside:
        return span
    return Span(span.start + 1, span.end - 1)


def _open_quote(text: str, quote: str) -> str:
    """Return the quote that is open at the end of a text, which begins inside `quote`."""
    offset = 0
    while offset < len(text):
        character = text[offset]
        if quote and character == "\\":
            offset += 1
        elif character == quote:
            quote = ""
        elif not quote and character in "\"'":
            quote = character
        offset += 1
    return quote


def _several(tool: str, names: tuple[str, ...], call: Evidence) -> UnreadableCall:
    """Return the mistake for a text given to a tool that does not require exactly one argument."""
    wanted = f"{len(names)} arguments" if names else "no arguments"
    inside = ", ".join(f"{name}=…" for name in names)
    why = f"`{tool}` requires {wanted}, but the brackets contain one text"
    return UnreadableCall(span=call.content, why=why, suggestion=f"write `1. {tool}({inside})`")
