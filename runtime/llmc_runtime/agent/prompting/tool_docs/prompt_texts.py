"""Make texts and values from outside safe for a prompt: no control characters, no end marks, a bounded length."""

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from llmc_grammar.terminal_text import json_escaped

END: Final = "<END_OF_PLAN>"

_SHORTEST: Final = 16
"""Minimum number of characters in a beginning that is worth showing."""

_JOINERS: Final = frozenset("\u200c\u200d")

_SENTENCE: Final = re.compile(r"[.!?。!?](?=\s|$)")

_LONGEST_SENTENCE: Final = 240

_WORD: Final = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class PromptText:
    """A text that is safe for a prompt, and the length of the original."""

    text: str
    length: int

    def cut(self, most: int) -> str:
        """Return at most `most` characters of the text; return an empty text if its beginning would be too short."""
        return shortened(self.text, most)

    @property
    def sentence(self) -> str:
        """The first sentence."""
        line = self.text.partition("\n")[0]
        end = _SENTENCE.search(line)
        return shortened(line if end is None else line[: end.end()], _LONGEST_SENTENCE)


def shortened(text: str, most: int) -> str:
    """Return a text, or its first words with `…`, in at most `most` characters."""
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
    """Clean a description of several lines, and drop empty ones."""
    original = _begun(text, most)
    lines = (" ".join(line.split()) for line in _printable(original.text).splitlines())
    return _marked("\n".join(filter(None, lines)), original, most)


def line_text(text: object, most: int) -> PromptText:
    """Clean a description, and join it into one line."""
    original = _begun(text, most)
    return _marked(" ".join(_printable(original.text).split()), original, most)


def _begun(text: object, most: int) -> PromptText:
    """Return as much of a text as may be needed, and its whole length."""
    whole = text.strip() if isinstance(text, str) else ""
    return PromptText(whole[: 4 * most], len(whole))


def _marked(text: str, original: PromptText, most: int) -> PromptText:
    """Return the clean text, with `…` at its end if the original is longer."""
    if len(original.text) == original.length and len(text) <= most:
        return PromptText(text, len(text))
    return PromptText(shortened(text if len(text) > most else f"{text} …", most), original.length)


def _printable(text: str) -> str:
    """Return a text without invisible characters and without the end mark of plans."""
    plain = "\n".join(text.splitlines())
    if not plain.isascii() or not plain.replace("\n", "").isprintable():
        plain = "".join(letter for letter in plain.replace("\t", " ") if letter == "\n" or _is_seen(letter))
    return plain.replace(END, END.replace("_", " "))


def _is_seen(character: str) -> bool:
    """Whether a character is allowed in a prompt."""
    return unicodedata.category(character)[0] != "C" or character in _JOINERS


def json_piece(value: object, most: int) -> str | None:
    """Write a value as JSON; return None if it has more than `most` characters or is not JSON data."""
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
    """Write the key of a record as JSON."""
    return json_piece(str(name)[:most], 8 * most) or '"…"'


def word_of(text: str) -> str:
    """Turn a text into a word of letters, digits and `_`."""
    return _WORD.sub("_", text[:40]).strip("_")
