"""Text from outside as it is printed: nothing of it moves the cursor, hides, or is wider than its place."""

import unicodedata
from collections.abc import Iterator
from io import StringIO
from typing import Final

from llmc.cli.terminal.sanitize import shown, shown_value
from llmc.cli.terminal.screen import Screen, seen
from llmc_compiler.ir.graph import TaskId
from llmc_compiler.terminal_cells import cells, fit, visible, wrapped
from llmc_grammar import parse, render
from llmc_grammar.terminal_text import json_text
from llmc_runtime.safety.approval_request import ApprovalRequest, Argument, Origin
from llmc_runtime.text_format import value_text

WIDTH: Final = 20
REQUEST: Final = 100
"""Cells of a line of a request."""
DRAWN: Final = 3
"""Mistakes that are drawn."""
OBEYED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that a terminal obeys, or that show nothing."""
UNSEEN: Final = frozenset(
    {
        *"\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0",
        *map(chr, range(0xFE00, 0xFE10)),
        *map(chr, range(0xE0100, 0xE01F0)),
    }
)
"""Characters of other categories that show nothing."""


def check(data: bytes) -> None:
    """The text in each place that quotes it: a line, lines of some width, and several lines."""
    text = data.decode("utf-8", "surrogateescape")
    narrow = [fit(text, WIDTH), *wrapped(text, WIDTH), value_text(text, WIDTH), value_text([text], WIDTH)]
    short = [shown(text, WIDTH), shown_value({text: [text]}, WIDTH)]
    request = str(_request(text)).split("\n")
    for line in (visible(text), *narrow, *short, *request, *_drawn(text)):
        assert "\n" not in line
        assert not hidden(line), ascii(line)
    assert max(map(len, short)) <= WIDTH, short
    assert max(map(cells, narrow)) <= WIDTH, narrow
    assert max(map(cells, request)) <= REQUEST, request
    stream = StringIO()
    Screen(stream, breaks_lines=False).write(text)
    for printed in (seen(text), stream.getvalue(), json_text({text: [text]})):
        assert not hidden(printed.replace("\n", "").replace("\t", "")), ascii(printed)


def hidden(text: str) -> str:
    """The characters of a text that a terminal must not get."""
    return "".join(each for each in text if unicodedata.category(each) in OBEYED or each in UNSEEN)


def _drawn(text: str) -> Iterator[str]:
    """The first mistakes of the text as a plan, in a file of that name."""
    parsed = parse(text, name=text)
    for found in parsed.diagnostics[:DRAWN]:
        yield from render(found, parsed.source).split("\n")


def _request(text: str) -> ApprovalRequest:
    """A request in which everything says the same."""
    origin = Origin(task=TaskId(text), tool=text, input=text, line=1)
    argument = Argument(text, [text, {text: text}], (origin,))
    return ApprovalRequest(TaskId(text), (0,), 1, text, text, (argument,), inside=(text,))
