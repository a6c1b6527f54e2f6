"""Texts and values from outside, made safe for a prompt: no controls, no marks of ours, a bounded length."""

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from llmc_grammar.terminal_text import json_escaped

END: Final = "<END_OF_PLAN>"


_SHORTEST: Final = 16
"""Characters below which the beginning of a text tells nothing."""


_JOINERS: Final = frozenset("\u200c\u200d")


_SENTENCE: Final = re.compile(r"[.!?。!?](?=\s|$)")


_LONGEST_SENTENCE: Final = 240


_WORD: Final = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class PromptText:
    """A text that a prompt may have, and the length of the original."""

    text: str
    length: int

    def cut(self, most: int) -> str:
        """The text in at most so many characters; nothing where its beginning would be too short."""
        return shortened(self.text, most)

    @property
    def sentence(self) -> str:
        """The first sentence."""
        line = self.text.partition("\n")[0]
        end = _SENTENCE.search(line)
        return shortened(line if end is None else line[: end.end()], _LONGEST_SENTENCE)


def shortened(text: str, most: int) -> str:
    """The text, or its first words with `…`, in at most so many characters."""
    if len(text) <= most:
        return text
    if most < _SHORTEST:
        return ""
    words = text[: most - 1]
    if not text[most - 1].isspace():
        end = max(words.rfind(" "), words.rfind("\n"))
        words = words[:end] if end > most // 2 else words
    return f"{words.rstrip()}…"


def lines_text(text: object, most: int) -> PromptText:
    """A description in lines, without empty ones."""
    found = _begun(text, most)
    lines = (" ".join(line.split()) for line in _printable(found.text).splitlines())
    return _marked("\n".join(filter(None, lines)), found, most)


def line_text(text: object, most: int) -> PromptText:
    """A description in one line."""
    found = _begun(text, most)
    return _marked(" ".join(_printable(found.text).split()), found, most)


def _begun(text: object, most: int) -> PromptText:
    """As much of a text as may be needed."""
    whole = text.strip() if isinstance(text, str) else ""
    return PromptText(whole[: 4 * most], len(whole))


def _marked(text: str, found: PromptText, most: int) -> PromptText:
    """The clean text; it ends with `…` if there is more of it."""
    if len(found.text) == found.length and len(text) <= most:
        return PromptText(text, len(text))
    return PromptText(shortened(text if len(text) > most else f"{text} …", most), found.length)


def _printable(text: str) -> str:
    """The text without invisible characters and without the mark that ends plans."""
    plain = "\n".join(text.splitlines())
    if not plain.isascii() or not plain.replace("\n", "").isprintable():
        plain = "".join(each for each in plain.replace("\t", " ") if each == "\n" or _is_seen(each))
    return plain.replace(END, END.replace("_", " "))


def _is_seen(character: str) -> bool:
    """Whether a character may stand in a prompt."""
    return unicodedata.category(character)[0] != "C" or character in _JOINERS


def json_piece(value: object, most: int) -> str | None:
    """A value as JSON of at most so many characters; None if it has more or is no JSON."""
    if isinstance(value, (str, list, dict, tuple)) and len(value) > most:
        return None
    written, length = [], 0
    try:
        for piece in json.JSONEncoder(ensure_ascii=False, allow_nan=False).iterencode(value):
            length += len(piece)
            if length > most:
                return None
            written.append(piece)
    except (TypeError, ValueError, RecursionError):
        return None
    return json_escaped("".join(written)).replace(END, END.replace("<", "\\u003c"))


def key_text(name: object, most: int) -> str:
    """The key of a record as JSON."""
    return json_piece(str(name)[:most], 8 * most) or '"…"'


def word_of(text: str) -> str:
    """A word made of a text: letters, digits and `_`."""
    return _WORD.sub("_", text[:40]).strip("_")
