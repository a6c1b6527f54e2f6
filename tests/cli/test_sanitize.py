"""Text from outside, made fit for a terminal."""

import io
import json
import sys
from itertools import count

import pytest

from llmc.cli.terminal.output import give
from llmc.cli.terminal.sanitize import shown, shown_time, shown_value


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain, ä, 東", "plain, ä, 東"),
        ("a\nb\tc\x1b[31m", r"a\nb\tc\x1b[31m"),
        ("\u202eabc\u2028\u200b", r"\u202eabc\u2028\u200b"),
        ("\udc80", r"\udc80"),
        ("", ""),
    ],
)
def test_control_characters_are_escaped(text: str, safe: str) -> None:
    """What would move the cursor or turn the text round is shown as an escape."""
    assert shown(text, 100) == safe


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("a\n\n", 4, r"a\n…"), ("x" * 10**6, 2, "x…"), ("ab", 1, "…")],
)
def test_the_length_is_bounded(text: str, limit: int, short: str) -> None:
    """At most so many characters, the last one an ellipsis where something is left out."""
    assert shown(text, limit) == short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ('say "é"\n', '"say \\"é\\"\\n"'),
        ({"a": [1, None]}, '{"a": [1, null]}'),
        (list(range(100)), "[0, 1, 2, 3, 4, 5, …"),
        ("x" * 100, '"' + "x" * 18 + "…"),
    ],
)
def test_values_are_shown_as_json(value: object, text: str) -> None:
    """The start of the value's JSON, at most so long."""
    assert shown_value(value, 20) == text


def test_a_long_value_is_not_written_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an endless value only the start is looked at."""
    monkeypatch.setattr(json.JSONEncoder, "iterencode", lambda *_: map(str, count()))
    assert shown_value([], 5) == "0123…"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.004, "0.00 s"), (1.239, "1.24 s"), (59.99, "59.99 s"), (61.5, "1 min 01 s")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    """Two decimals, and minutes from the sixtieth second."""
    assert shown_time(seconds) == text


class Terminal(io.StringIO):
    """A terminal, maybe."""

    def __init__(self, *, is_one: bool) -> None:
        super().__init__()
        self._is_one = is_one

    def isatty(self) -> bool:
        """As it was said."""
        return self._is_one


@pytest.mark.parametrize(
    ("value", "on_terminal", "elsewhere"),
    [
        ("a\tb\nc", "a\tb\nc\n", "a\tb\nc\n"),
        ("\x1b[2Jgone\r\n", "\\x1b[2Jgone\\r\n\n", "\x1b[2Jgone\r\n\n"),
        ({"a": "\x1b"}, '{\n  "a": "\\u001b"\n}\n', '{\n  "a": "\\u001b"\n}\n'),
    ],
)
def test_a_result_does_not_control_the_terminal(
    value: object, on_terminal: str, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a file or a pipe it is what it is."""
    for is_one, text in ((True, on_terminal), (False, elsewhere)):
        stdout = Terminal(is_one=is_one)
        monkeypatch.setattr(sys, "stdout", stdout)
        give(value)
        assert stdout.getvalue() == text
