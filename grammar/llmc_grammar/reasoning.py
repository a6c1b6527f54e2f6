"""Reasoning in a model's reply: the tags around it, and the text that is left without it.

    <think>first a draft …</think>            also thinking, thought, reasoning, reflection, scratchpad, analysis
    [THINK] … [/THINK]                        in square brackets, in any case, with attributes
    <|channel|>analysis<|message|> … <|channel|>final<|message|>      channels, as in OpenAI's harmony format

Chat templates may leave out the opening tag. So everything in front of a closing tag is reasoning, with or without an
opening one, and an opening tag without a closing one makes reasoning of everything behind it.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple, TypeAlias

NAMES: Final = ("think", "thinking", "thought", "reasoning", "reflection", "scratchpad", "analysis")

TagName: TypeAlias = str | tuple[str, str]
"""A name that stands in `<name>` and `[name]`, or the opening and the closing tag themselves."""

_FINAL: Final = r"<\|channel\|>\s*final\b[^<\n]*(?:<\|constrain\|>[^<\n]*)?(?:<\|message\|>)?"
_CHANNEL: Final = r"<\|channel\|>\s*\w+[^<\n]*(?:<\|constrain\|>[^<\n]*)?(?:<\|message\|>)?"
_ENDS: Final = r"<\|(?:end|return|call)\|>"
_NAME: Final = re.compile(r"[A-Za-z][\w:.-]*")


class Tag(NamedTuple):
    """A tag in a text: its offsets, and whether it closes reasoning; `ends` marks the end of a message instead."""

    start: int
    end: int
    closes: bool
    ends: bool = False


class ReasoningTags:
    """The tags that enclose reasoning: the usual ones, and those of `extra`; raises ValueError for an unusable one."""

    __slots__ = ("_pattern", "may_be_in")

    def __init__(self, extra: Sequence[TagName] = ()) -> None:
        names = "|".join(re.escape(name) for name in (*NAMES, *(_checked(each) for each in extra if _is_name(each))))
        pairs = [_pair(each) for each in extra if not _is_name(each)]
        inside = r"(?:[ \t][^<>\n]*)?"
        closing = [_FINAL, rf"<[ \t]*/[ \t]*(?:{names}){inside}>", rf"<[ \t]*(?:{names}){inside}/>"]
        closing += [rf"\[[ \t]*/[ \t]*(?:{names})[ \t]*\]", *(re.escape(close) for _, close in pairs)]
        opening = [_CHANNEL, rf"<[ \t]*(?:{names}){inside}>", rf"\[[ \t]*(?:{names})[ \t]*\]"]
        opening += [re.escape(start) for start, _ in pairs]
        pattern = f"(?P<closing>{'|'.join(closing)})|(?P<opening>{'|'.join(opening)})|(?P<ends>{_ENDS})"
        self._pattern = re.compile(pattern, re.IGNORECASE)
        # Most lines hold nothing that a tag could begin with.
        firsts = [r"[<\[][ \t]*/?[ \t]*[a-z|]", *(re.escape(text[0]) for pair in pairs for text in pair)]
        self.may_be_in = re.compile("|".join(firsts), re.IGNORECASE).search

    def find(self, text: str, offset: int = 0) -> list[Tag]:
        """The tags in a text, in order; `offset` is added to their places."""
        return [
            Tag(match.start() + offset, match.end() + offset, match["closing"] is not None, match["ends"] is not None)
            for match in self._pattern.finditer(text)
        ]

    def strip(self, text: str) -> str:
        """A text that is no plan, without its reasoning; an opening tag in the middle of it is text."""
        tags = self.find(text)
        start = max((tag.end for tag in tags if tag.closes), default=0)
        ends = (tag.start for tag in tags if tag.start >= start and not tag.closes)
        return text[start : next((end for end in ends if not text[start:end].strip()), self._end(tags, start, text))]

    def _end(self, tags: Sequence[Tag], start: int, text: str) -> int:
        """Where the message ends that begins at `start`."""
        return next((tag.start for tag in tags if tag.ends and tag.start >= start), len(text))

    def opens(self, text: str) -> bool:
        """Whether a text holds a tag that opens reasoning."""
        return any(not (tag.closes or tag.ends) for tag in self.find(text))


def _is_name(tag: object) -> bool:
    """Whether a tag is given by its name."""
    return isinstance(tag, str)


def _checked(tag: TagName) -> str:
    """The name of a tag; raises ValueError for one that cannot stand in brackets."""
    if not isinstance(tag, str) or not _NAME.fullmatch(tag):
        message = f"a reasoning tag is a name, or its opening and its closing text, not {tag!r}"
        raise ValueError(message)
    return tag


def _pair(tag: TagName) -> tuple[str, str]:
    """The opening and the closing text of a tag; raises ValueError for anything else."""
    match tag:
        case (str(opening), str(closing)) if opening.strip() and closing.strip() and "\n" not in opening + closing:
            return opening, closing
        case _:
            message = f"a reasoning tag is a name, or its opening and its closing text, not {tag!r}"
            raise ValueError(message)


@cache
def reasoning_tags(extra: tuple[TagName, ...] = ()) -> ReasoningTags:
    """The usual tags and these; raises ValueError for an unusable one."""
    return ReasoningTags(extra)


USUAL: Final = reasoning_tags()
