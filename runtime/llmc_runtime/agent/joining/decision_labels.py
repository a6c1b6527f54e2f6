"""A joiner's decision after a label, in the forms of other prompts.

    Final Answer: 42            **Answer:** 42          ## Final Answer         Action: Finish
    Action: Finish: 42          Replan: the height      42                      Action Input: 42

A text with labels of both kinds decides nothing, and neither does a text with made-up results after `Observation:`.
`Final Answer:` also counts in the middle of a line.
"""

import re
from dataclasses import dataclass
from typing import Final

from llmc_runtime.agent.joining.decisions import MARKS, Decision, Finish, Replan

_FINAL: Final = r"final[ _-]?answer"
_COLON: Final = r"[ \t*_`]*+(?:[:=\uff1a→]|[-=]>)[*_`]*+"
_BEFORE: Final = rf"(?:(?:action|decision)[ \t]*+[0-9]*+[{MARKS}]*+:[{MARKS}]*+)"
_INPUT: Final = rf"(?:\s*+[{MARKS}]*+(?:(?:action[ _]?)?input|text)[ \t*_`]*+:[*_`]*+)?"
_LEAD: Final = r"(?:(?:so|thus|therefore|hence),?[ ]++)?+(?:the|my)[ ]++(?=(?:final[ _-]?)?answer)"
_AT_LINE: Final = re.compile(
    rf"^(?P<marks>[{MARKS}]*+)(?:"
    rf"(?:{_BEFORE}|{_LEAD})?(?P<labelled>{_FINAL}|answer|finish|re-?plan)(?:(?<=answer)[ ]is)?{_COLON}{_INPUT}"
    rf"|{_BEFORE}(?P<bare>finish|re-?plan|{_FINAL}|answer)(?:[ \t*_`.]*+$|[ \t]++(?:[-\u2013\u2014][ \t]++)?){_INPUT}"
    rf"|(?P<heading>{_FINAL}|answer|finish)[ \t*_`]*+$"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_TAG: Final = re.compile(r"<(final_?answer|answer|finish)>", re.IGNORECASE)
_IN_LINE: Final = re.compile(r"\bFinal Answer[*_`]*:[*_`]*(?=\s)")
_NEXT: Final = re.compile(
    rf"^[{MARKS}]*+(?:thought|observation|question|action|decision|{_FINAL})[ \t]*+[0-9]*+[{MARKS}]*+:"
    r"|<END_OF_\w+>|</(?:final_?answer|answer|finish)>|<\|\w+\|>|</s>|<eos>|<end_of_turn>",
    re.IGNORECASE | re.MULTILINE,
)
_MADE_UP: Final = re.compile(rf"^[{MARKS}]*+observation[ \t]*+[0-9]*+[{MARKS}]*+:", re.IGNORECASE | re.MULTILINE)
_FENCE: Final = re.compile(r"^[ \t]*```.*$", re.MULTILINE)
_BOLD: Final = ("**", "__", "`")
_DUNDER: Final = re.compile(r"__[a-z0-9_]+__")
_OPENED: Final = re.compile(r"[*_`]+\Z")
_NESTED: Final = 3


@dataclass(frozen=True, slots=True)
class Labelled:
    """The text after a label that begins at `start`."""

    kind: type[Decision]
    start: int
    content: str


def find_label(text: str) -> Labelled | None:
    """Return the decision after a label, or None if the text has no label or its labels contradict each other."""
    labels = [label for label in _AT_LINE.finditer(text) if _is_label(text, label)]
    if not labels:
        inside = _tag(text) or _IN_LINE.search(text)
        is_made_up = inside is None or (inside.lastindex and _MADE_UP.search(text, 0, inside.start()))
        return None if inside is None or is_made_up else Labelled(Finish, inside.start(), _content(text, inside.end()))
    best = min(labels, key=_rank)
    if len({_kind(label) for label in labels}) > 1 or _MADE_UP.search(text, 0, best.start()):
        return None
    kind, content = _kind(best), _content(text, best.end(), _left_open(text, best))
    for _ in range(_NESTED):
        label = _AT_LINE.match(content)
        if label is None or not _is_label(content, label):
            break
        kind, content = _kind(label), content[label.end() :].strip()
    return Labelled(kind, best.start(), content)


def _tag(text: str) -> re.Match[str] | None:
    """Return the tag that opens an answer: at the beginning of its line, or with a closing tag."""
    tag = _TAG.search(text)
    if tag is None or not text[text.rfind("\n", 0, tag.start()) + 1 : tag.start()].strip():
        return tag
    return tag if f"</{tag[1].lower()}>" in text[tag.end() :].lower() else None


def _left_open(text: str, label: re.Match[str]) -> str:
    """Return the marks before a label that are closed after its answer, as in `**Final Answer: 42**`."""
    opened = _OPENED.search(label["marks"])
    is_closed = opened is None or opened[0] in text[label.end("marks") : label.end()]
    return "" if opened is None or is_closed else opened[0]


def _is_label(text: str, label: re.Match[str]) -> bool:
    """Whether a match is a label, and not part of a sentence: a heading has marks, `Finish` has a capital."""
    if label["heading"]:
        return not {*"#*_"}.isdisjoint(label["marks"])
    behind = text[label.end("bare") : label.end()]
    is_in_sentence = bool(label["bare"]) and bool(behind) and not behind.strip(" \t")
    return not is_in_sentence or (label["bare"][0].isupper() and not _is_answer(label["bare"]))


def _is_answer(word: str) -> bool:
    """Whether a label is `Answer` or `Final Answer`."""
    return word.lower().endswith("answer")


def _word(label: re.Match[str]) -> str:
    """Return the word of a label."""
    return (label["labelled"] or label["bare"] or label["heading"]).lower()


def _kind(label: re.Match[str]) -> type[Decision]:
    """Return the decision that a label marks."""
    return Replan if _word(label).startswith("re") else Finish


def _rank(label: re.Match[str]) -> int:
    """Return the rank of a label, lowest first: an answer may be a draft if a final answer follows."""
    return 1 if _word(label) == "answer" else 0


def _content(text: str, start: int, left_open: str = "") -> str:
    """Return the text between a label and the next label of another kind, without marks around all of it."""
    after = text[start:].lstrip()
    nested = _AT_LINE.match(after)
    end = _NEXT.search(after, 0 if nested is None else nested.end())
    content = after[: end.start()] if end is not None else after
    if left_open:
        content = content.replace(left_open, "", 1)
    fences = list(_FENCE.finditer(content))
    if len(fences) % 2 and not content[fences[-1].end() :].strip():
        content = content[: fences[-1].start()]
    return undressed(content)


def undressed(content: str) -> str:
    """Return a text without blanks and Markdown marks around all of it; the underscores of `__init__` stay."""
    content = content.strip()
    for mark in _BOLD:
        inside = content[len(mark) : -len(mark)]
        is_marked = len(content) > 2 * len(mark) and content == f"{mark}{inside}{mark}" and mark not in inside
        if is_marked and not _DUNDER.fullmatch(content):
            return inside.strip()
    return content
