"""Find the decision in a joiner's text.

    Thought: both are known now
    Action: Finish(First for Women (magazine))

Brackets nest, an answer may have many lines, `Action:` may be missing, and text may follow. If a server constrains the
reply to a schema, the decision is

    {"thought": "both are known now", "action": "Finish", "text": "First for Women (magazine)"}

Unmistakable forms of other prompts are read too: see `decision_labels`, `boxed_answers` and `decision_json`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_runtime.agent.joining.boxed_answers import find_boxed, unboxed
from llmc_runtime.agent.joining.decision_json import decided, decided_strictly, said
from llmc_runtime.agent.joining.decision_labels import Labelled, find_label, undressed
from llmc_runtime.agent.joining.decisions import MARKS, Decision, Finish, Replan
from llmc_runtime.models.messages import Schema

_WORD: Final = r"(?:(?P<word>finish|re-?plan)[ \t]*|(?P<other>final[ _-]?answer))(?P<open>[(\[\uff08])"
_ACTION: Final = rf"action[ \t]*[0-9]*[{MARKS}]*[:\uff1a][{MARKS}]*"
_AT_LINE: Final = re.compile(
    rf"^[{MARKS}]*(?P<action>{_ACTION})?(?:{_WORD}|(?(action)answer|(?!))(?P<opens>[(\[\uff08]))",
    re.IGNORECASE | re.MULTILINE,
)
_CALLED: Final = re.compile(rf"\b(?:(?i:{_ACTION}{_WORD})|(?P<named>Finish|Replan)(?P<opens>[(\[\uff08]))")
_REPLANS: Final = re.compile(r"re-?plan[ \t]*.\Z", re.IGNORECASE)
_JOIN: Final = re.compile(rf"[{MARKS}]*(?:[0-9]+[.)][ \t]*)?(?:join|finish)(?P<opens>\()(?![ \t]*[$)])", re.IGNORECASE)
_WITHOUT_REASON: Final = re.compile(rf"[\s{MARKS}]*replan[\s{MARKS}.]*", re.IGNORECASE)
_LABEL: Final = re.compile(rf"[{MARKS}]*thought[ \t]*[0-9]*[{MARKS}]*[:\uff1a][{MARKS}]*", re.IGNORECASE)
_END_OF_LINE: Final = re.compile(r"[ \t.`*]*(?:<\w+>)?[ \t]*(?:\r?\n|\Z)")
_ENDED_LINE: Final = re.compile(r"[ \t.`*]*\r?\n\s*\Z")
_IS_JSON: Final = re.compile(r"\s*(?:```\w*\s*)?\{.*\}\s*(?:```\s*)?\Z", re.DOTALL)
_NAMED: Final = re.compile(
    r"(?:answer|final_answer|text|result|reason|missing)[ \t]*[=:][ \t]*(?=[\"'“])", re.IGNORECASE
)
_ANSWER: Final = re.compile(r"(?:final_)?answer[ \t]*[=:][ \t]*+(?P<answer>[^\"“=]+)", re.IGNORECASE)
_ECHO: Final = re.compile(rf"[)\]]?,?[ \t]*or[ \t]+(?:{_ACTION})?re-?plan\b", re.IGNORECASE)
_CLOSING: Final = {"(": ")", "[": "]", "\uff08": "\uff09"}
_QUOTES: Final = ('"', "'", "“”")
_APOSTROPHE: Final = re.compile(r"(?<=\w)'(?=\w)")


def schema(*, final: bool) -> Schema:
    """Return the schema of a decision in JSON; a `final` decision must be an answer."""
    fields = {
        "thought": {"type": "string", "description": "What the results say about the question."},
        "action": {"type": "string", "enum": ["Finish"] if final else ["Finish", "Replan"]},
        "text": {"type": "string", "description": "The answer" + ("." if final else ", or what is still missing.")},
    }
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def read_decision(
    text: str, reasoning: ReasoningTags = USUAL, *, complete: bool = True, final: bool = False
) -> Decision | None:
    """Return the decision in a joiner's text, or None.

    Reasoning is ignored; a tag inside a decision is text. In a text that is not `complete`, a decision counts only if
    its line has ended and nothing follows, since later text may withdraw it. A `final` decision is an answer.
    """
    if _IS_JSON.match(text) and (decision := decided(text, _inside, final=final)) is not None:
        return decision
    text = reasoning.strip(text)
    if not complete:
        decision = decided(text, _inside, final=final) if _IS_JSON.match(text) else None
        return decision or _written(text, reasoning, complete=False)
    return decided_strictly(text) or _written(text, reasoning, complete=True) or decided(text, _inside, final=final)


def _inside(text: str) -> Decision | None:
    """Return the decision in the value of a key."""
    return _written(text, USUAL, complete=True)


def _written(text: str, reasoning: ReasoningTags, *, complete: bool) -> Decision | None:
    """Return the decision of a text in lines: in brackets, else after a label."""
    at_line = _AT_LINE.search(text)
    match = at_line or _CALLED.search(text)
    if at_line is None and complete and (match is None or match["named"]):
        label = find_label(text)
        if label is not None and (match is None or _is_before(label, match)):
            return None if reasoning.opens(text[: label.start]) else _labelled(text, label)
        if match is None and _WITHOUT_REASON.fullmatch(text):
            return Replan("")
        if match is None and (boxed := find_boxed(text)) is not None:
            return (
                None if reasoning.opens(text[: boxed.start]) else Finish(boxed.content, _thought(text[: boxed.start]))
            )
        if match is None:
            text = text.lstrip()
            match = _JOIN.match(text)
    if match is None or reasoning.opens(text[: match.start()]):
        return None
    start = match.end()
    end = _end(text, start, text[start - 1])
    if _ECHO.match(text, end) or not (complete or _ENDED_LINE.match(text, end + 1)):
        return None
    kind = Replan if _REPLANS.search(match[0]) else Finish
    return kind(_bare(text[start:end]), _thought(text[: match.start()]))


def _is_before(label: Labelled, called: re.Match[str]) -> bool:
    """Whether the answer after a label only mentions a call: `Final Answer: 42 (see Finish(x))`."""
    return label.start < called.start() and _AT_LINE.match(label.content) is None


def _labelled(text: str, label: Labelled) -> Decision | None:
    """Return the decision after a label; return None for an empty answer, and for an echo of the instructions."""
    if _ECHO.match(label.content):
        return None
    content = unboxed(_unquoted(label.content))
    thought = _thought(text[: label.start])
    if label.kind is Replan:
        return Replan(content, thought)
    decision = decided(content, _inside, final=False) if _IS_JSON.match(content) else None
    if decision is not None:
        return replace(decision, thought=decision.thought or thought)
    return Finish(content, thought) if content else None


def _thought(before: str) -> str:
    """Return the text before a decision, without its label."""
    thought = before.strip(f"{MARKS}\r\n")
    label = _LABEL.match(thought)
    return thought[label.end() :] if label else thought


def _end(text: str, start: int, opening: str) -> int:
    """Return the offset of the content's end: a closing bracket at the end of a line, else the first closing bracket.

    An unmatched bracket, as in `1) Paris`, is text if more of the line follows. Content that is never closed extends
    to the end of the text.
    """
    closers = list(_closers(text, start, opening))
    at_line_end = (offset for offset in closers if _END_OF_LINE.match(text, offset + 1))
    return next(at_line_end, closers[0] if closers else len(text))


def _closers(text: str, start: int, opening: str) -> Iterator[int]:
    """Yield the offsets of brackets that may close the content."""
    closing = _CLOSING[opening]
    depth = 0
    for offset in range(start, len(text)):
        if text[offset] == opening:
            depth += 1
        elif text[offset] == closing and depth:
            depth -= 1
        elif text[offset] == closing:
            yield offset


def _bare(content: str) -> str:
    """Return the content of the brackets without quotes, marks, a box or an object's key around all of it."""
    return unboxed(_unquoted(undressed(said(content.strip()))))


def _unquoted(text: str) -> str:
    """Return a text without quotes around all of it, and without an argument's name before the quotes."""
    named = _NAMED.match(text)
    if named is not None and (inside := _unquoted(text[named.end() :])) != text[named.end() :]:
        return inside
    if (answer := _ANSWER.fullmatch(text)) is not None:
        return answer["answer"]
    for quotes in _QUOTES:
        if text.startswith(quotes * 3) and text.endswith(quotes * 3) and len(text) > 6:  # noqa: PLR2004 — both quotes
            return text[3:-3].strip()
        inside = text[1:-1]
        if len(text) < 2 or text[0] != quotes[0] or text[-1] != quotes[-1]:  # noqa: PLR2004 — both quotes
            continue
        if not set(quotes) & set(_APOSTROPHE.sub("", inside)):
            return inside
    return text
