"""The tags around reasoning in a model's reply, and the text without reasoning.

    <think>first a draft …</think>            also thinking, thought, reasoning, reflection, scratchpad, analysis
    [THINK] … [/THINK]                        in square brackets, in any case, with attributes
    <|channel|>analysis<|message|> … <|channel|>final<|message|>      channels, as in OpenAI's harmony format

A message to a tool (`<|channel|>commentary to=functions.price`) ends the reasoning before it, and is part of the text.
Chat templates may omit the opening tag. All text before a closing tag is therefore reasoning, with or without an
opening tag. All text after an unclosed opening tag is reasoning, too.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from llmc_grammar.lazy_pattern import lazy_pattern

NAMES: Final = ("think", "thinking", "thought", "reasoning", "reflection", "scratchpad", "analysis")

TagName: TypeAlias = str | tuple[str, str]
"""The name in `<name>` and `[name]`, or a pair of opening and closing tag."""

_FINAL: Final = r"<\|channel\|>\s*final\b[^<\n]*(?:<\|constrain\|>[^<\n]*)?(?:<\|message\|>)?"
_CALL: Final = r"<\|start\|>assistant(?=<\|channel\|>commentary to=functions\.)"
_CHANNEL: Final = (
    r"<\|channel\|>(?!commentary to=functions\.)\s*\w+[^<\n]*(?:<\|constrain\|>[^<\n]*)?(?:<\|message\|>)?"
)
_ENDS: Final = r"<\|(?:end|return|call)\|>"
_NAME: Final = lazy_pattern(r"[A-Za-z][\w:.-]*")


class Tag(NamedTuple):
    """A tag and its offsets: it closes reasoning (`closes`), ends a message (`ends`), or opens reasoning."""

    start: int
    end: int
    closes: bool
    ends: bool = False


class ReasoningTags:
    """The usual reasoning tags and those in `extra`; raises ValueError for an invalid tag."""

    __slots__ = ("_pattern", "may_be_in")

    def __init__(self, extra: Sequence[TagName] = ()) -> None:
        names = "|".join(re.escape(name) for name in (*NAMES, *(_checked(each) for each in extra if _is_name(each))))
        pairs = [_pair(each) for each in extra if not _is_name(each)]
        inside = r"(?:[ \t][^<>\n]*)?"
        closing = [_FINAL, _CALL, rf"<[ \t]*/[ \t]*(?:{names}){inside}>", rf"<[ \t]*(?:{names}){inside}/>"]
        closing += [rf"\[[ \t]*/[ \t]*(?:{names})[ \t]*\]", *(re.escape(close) for _, close in pairs)]
        opening = [_CHANNEL, rf"<[ \t]*(?:{names}){inside}>", rf"\[[ \t]*(?:{names})[ \t]*\]"]
        opening += [re.escape(start) for start, _ in pairs]
        pattern = f"(?P<closing>{'|'.join(closing)})|(?P<opening>{'|'.join(opening)})|(?P<ends>{_ENDS})"
        self._pattern = lazy_pattern(pattern, re.IGNORECASE)
        # Most lines contain no character with which a tag could begin.
        firsts = [r"[<\[][ \t]*/?[ \t]*[a-z|]", *(re.escape(text[0]) for pair in pairs for text in pair)]
        self.may_be_in = lazy_pattern("|".join(firsts), re.IGNORECASE).search

    def find(self, text: str, offset: int = 0) -> list[Tag]:
        """Return the tags in a text, in order; `offset` is added to their positions."""
        return [
            Tag(match.start() + offset, match.end() + offset, match["closing"] is not None, match["ends"] is not None)
            for match in self._pattern.finditer(text)
        ]

    def strip(self, text: str) -> str:
        """Remove the reasoning from a text other than a plan; an opening tag in mid-text is text."""
        tags = self.find(text)
        start = max((tag.end for tag in tags if tag.closes), default=0)
        ends = (tag.start for tag in tags if tag.start >= start and not tag.closes)
        return text[start : next((end for end in ends if not text[start:end].strip()), self._end(tags, start, text))]

    def _end(self, tags: Sequence[Tag], start: int, text: str) -> int:
        """Return the offset at which the message from `start` ends."""
        return next((tag.start for tag in tags if tag.ends and tag.start >= start), len(text))

    def opens(self, text: str) -> bool:
        """Whether a text contains an opening tag."""
        return any(not (tag.closes or tag.ends) for tag in self.find(text))


def _is_name(tag: object) -> bool:
    """Whether a tag is given by name."""
    return isinstance(tag, str)


def _checked(tag: TagName) -> str:
    """Return a tag's name; raises ValueError for an invalid name."""
    if not isinstance(tag, str) or not _NAME.fullmatch(tag):
        message = f"a reasoning tag is a name, or a pair of opening and closing text, not {tag!r}"
        raise ValueError(message)
    return tag


def _pair(tag: TagName) -> tuple[str, str]:
    """Return a tag's opening and closing text; raises ValueError for anything else."""
    match tag:
        case (str(opening), str(closing)) if opening.strip() and closing.strip() and "\n" not in opening + closing:
            return opening, closing
        case _:
            message = f"a reasoning tag is a name, or a pair of opening and closing text, not {tag!r}"
            raise ValueError(message)


@cache
def reasoning_tags(extra: tuple[TagName, ...] = ()) -> ReasoningTags:
    """Return the usual tags and those in `extra`; raises ValueError for an invalid tag."""
    return ReasoningTags(extra)


USUAL: Final = reasoning_tags()
