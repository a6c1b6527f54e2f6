"""Loops in brackets other than those of a list, with several names, or beside other elements.

    sum($x for x in $xs)             sum([$x for x in $xs])
    {$k: f($k) for k in $ks}         pairs([[$k, f($k)] for k in $ks])
    [1, $x for x in $xs]             [1] + [$x for x in $xs]

The edit writes the list, and the dollar signs of names that are known.
"""

import re
from typing import Final

from lark import Token

from llmc_grammar.diagnose.stop import CLOSERS, OPENERS, Stop
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.foreign import ForeignList, Unpacking
from llmc_grammar.errors.statements import LoopAndGuard
from llmc_grammar.frozen_data import frozen
from llmc_grammar.mistake import Edit
from llmc_grammar.terminals import quiet

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_LOOP: Final = re.compile(rf"\bfor[ \t\r\n]+{_NAME}(?:[ \t]*,[ \t]*{_NAME})*[ \t\r\n]+in\b")
_TARGETS: Final = re.compile(rf"\bfor[ \t\r\n]+\(?[ \t]*{_NAME}[ \t]*,[ \t]*{_NAME}")
_ARGUMENT: Final = re.compile(rf"[ \t\r\n]*{_NAME}[ \t]*=(?!=)[ \t]*")
_WORD: Final = re.compile(rf"(?<![A-Za-z0-9_$.\"']){_NAME}(?![A-Za-z0-9_]|[ \t]*[(=](?!=))")
_TARGET: Final = re.compile(rf"\bfor[ \t\r\n]+(?:{_NAME}[ \t]*,[ \t]*)*\Z")
_WINDOW: Final = 600
_SHOWN: Final = 60


@frozen
class _Loop:
    """The offsets of a loop in brackets: its element, the word `for` and its end, and of the brackets around it.

    `colon` is the colon behind the key of an element in braces, `is_first` whether the element is the first.
    """

    opening: int
    element: int
    word: int
    end: int
    closing: int
    colon: int
    is_first: bool


def targets(stop: Stop) -> Diagnostic | None:
    """`for k, v in $pairs`."""
    is_loop = len(stop.stack) > 1 and str(stop.stack[-2]) == "for" and isinstance(stop.top, Token)
    start = stop.before - len(stop.top) if is_loop else stop.at
    before = stop.text[max(0, start - 8) : start].rstrip()
    match = _TARGETS.search(stop.text, max(0, start - 8)) if before.endswith("for") else None
    if match is None or stop.found not in {",", "("}:
        return None
    span = stop.span(start, match.end())
    return Unpacking(span=span, form="for pair in …", part="$pair[0]")


def loop(stop: Stop) -> Diagnostic | None:
    """`f($x for x in $xs)`, `($x for x in $xs)`, `{… for x in $xs}`, `[1, $x for x in $xs]`."""
    if not stop.opener or stop.opener.startswith("@") or not _may_begin(stop):
        return None
    around = _around(stop)
    if around is None or stop.at > around.word:
        return None
    if stop.opener == "[" and around.is_first:
        is_guarded = stop.at == around.word and "if" in stop.words
        return LoopAndGuard(span=stop.span(around.word, around.word + 3)) if is_guarded else None
    return _loop(stop, around)


def elements(stop: Stop) -> Diagnostic | None:
    """`[$x for x in $xs, 1]`."""
    around = _around(stop) if stop.opener == "[" and stop.found == "," and "for" in stop.words else None
    if around is None:
        return None
    loop_text = _with_dollars(stop, around.element, around.end)
    others = _with_dollars(stop, stop.at + 1, around.closing - 1).rstrip(" \t,")
    form, whole = "a loop fills a separate list", (around.opening, around.closing)
    certain = around.is_first and around.end <= stop.at
    return _bracketed(stop, whole, f"[{loop_text}] + [{others}]", "beside other elements", form, certain=certain)


def _may_begin(stop: Stop) -> bool:
    """Whether a loop begins here, or its element with a bare name or in braces."""
    word = stop.top_word or stop.word
    return word == "for" or stop.opener == "{" or word in stop.elements


def _around(stop: Stop) -> _Loop | None:
    """Return the loop in the innermost brackets, None if no loop is there."""
    opening = int(stop.level[0].end_pos or 0) - 1
    text = stop.text[opening : opening + _WINDOW]
    masked = quiet().sub(lambda match: "_" * len(match[0]), text)
    depth, first, colon, word, end, source = 0, 1, -1, -1, -1, 0
    for index, character in enumerate(masked[1:], 1):
        if character in OPENERS:
            depth += 1
        elif character in CLOSERS:
            if not depth:
                break
            depth -= 1
        elif depth or index < source:
            continue
        elif character == "," and word < 0:
            first, colon = index + 1, -1
        elif character == "," and end < 0:
            end = index
        elif character == ":" and word < 0:
            colon = index
        elif character == "f" and word < 0 and (match := _LOOP.match(masked, index)):
            word, source = index, match.end()
    else:
        return None
    if word < 0:
        return None
    argument = _ARGUMENT.match(masked, first) if stop.in_call else None
    element = argument.end() if argument else first + len(masked[first:]) - len(masked[first:].lstrip())
    end = len(masked[: end if end > 0 else index].rstrip())
    colon += opening if colon > 0 else 0
    return _Loop(opening, opening + element, opening + word, opening + end, opening + index + 1, colon, first == 1)


def _loop(stop: Stop, around: _Loop) -> Diagnostic:
    """Return the diagnostic of a loop without a separate list, with an edit where the whole is clear."""
    written = _with_dollars(stop, around.element, around.end)
    part, whole = (around.element, around.end), (around.opening, around.closing)
    is_last = not stop.text[around.end : around.closing - 1].strip()
    if stop.opener == "{":
        text = f"unique([{written}])"
        if around.colon > 0:
            key, value = (around.element, around.colon), (around.colon + 1, around.word)
            pair = f"[{_with_dollars(stop, *key)}, {_with_dollars(stop, *value)}]"
            text = f"pairs([{pair} {_with_dollars(stop, around.word, around.end)}])"
        form = "braces hold no loop"
        return _bracketed(stop, whole, text, "a loop in braces", form, certain=is_last and around.is_first)
    if stop.opener == "[":
        before = stop.text[around.opening + 1 : around.element].rstrip().removesuffix(",")
        form = "a loop fills a separate list"
        return _bracketed(stop, whole, f"[{before}] + [{written}]", "beside other elements", form, certain=is_last)
    if stop.opener == "(" and is_last and around.is_first:
        return _bracketed(stop, whole, f"[{written}]", "in round brackets")
    return _bracketed(stop, part, f"[{written}]", "a loop without brackets")


def _bracketed(
    stop: Stop, place: tuple[int, int], text: str, what: str, form: str = ForeignList.form, *, certain: bool = True
) -> Diagnostic:
    """Return the diagnostic of a loop that is written as `text`; several names for one element need a person."""
    span = stop.span(*place)
    edit = Edit(span, text) if certain and not _TARGETS.search(text) else None
    shown = text if len(text) <= _SHOWN and "\n" not in text else f"{text.split('[', maxsplit=1)[0]}[… for … in …]"
    if targets_in := _TARGETS.search(shown):
        shown = f"{shown[: targets_in.start()]}for …{']' if shown.startswith('[') else '])'}"
    return ForeignList(span=span, form=form, what=what, suggestion=shown, edit=edit)


def _with_dollars(stop: Stop, start: int, end: int) -> str:
    """Return a part of the text, with a dollar sign before each bare name of a task, an input or an element."""
    text = stop.text[start:end].strip()
    masked = quiet().sub(lambda match: "_" * len(match[0]), text)
    names = [match.start() for match in _WORD.finditer(masked) if stop.knows(match[0])]
    places = [at for at in names if not _TARGET.search(masked, 0, at)]
    for at in reversed(places):
        text = f"{text[:at]}${text[at:]}"
    return text
