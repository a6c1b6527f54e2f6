"""Renders diagnostics as text for people and as plain data for programs.

    error[E164]: a step must directly follow its value
     --> trip.llmc:2:13
      |
    2 | a = hotel() .name
      |             ^^^^^ a space before it
      = help: delete the space

Control and invisible characters become escapes, and the underlines take their width into account.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from llmc_grammar.frozen_data import frozen
from llmc_grammar.mistake import Edit, Mistake, Note
from llmc_grammar.safety import is_safe
from llmc_grammar.source import Source, Span
from llmc_grammar.terminal_text import cells, escape_unicode, glyphs, safe_words

_WIDTH: Final = 120
"""The most columns shown of a line of the text."""

_NARROWEST: Final = 20

_TAB: Final = 4

_BOLD, _RED, _YELLOW, _BLUE, _RESET = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[0m"


@frozen
class _Mark:
    """A part of one line to underline, in characters of the line, and its label."""

    line: int
    start: int
    end: int
    sign: str
    label: str


def render(diagnostic: Mistake, source: Source, *, color: bool = False, width: int | None = None) -> str:
    """Return a diagnostic with its lines, in the form shown at the top, without a final newline.

    Lines of the text are cut to 120 columns or, with `width`, so that the whole drawing fits into it. Notes in the text
    of another plan follow under the name of their file.
    """
    texts = _texts(diagnostic, source)
    margin = len(str(max(mark.line for _, _, marks in texts for mark in marks)))
    paint = _Paint(on=color, severity=diagnostic.severity)
    code, title = f"{diagnostic.severity}[{diagnostic.code}]", f": {safe_words(diagnostic.words('title'))}"
    rows = [paint.title(code) + paint.bold(title)]
    for arrow, (text, start, marks) in zip(("-->", *[":::"] * len(texts)), texts, strict=False):
        line, column = text.position(start)
        rows += [
            f"{' ' * margin}{paint.blue(arrow)} {safe_words(text.name)}:{line}:{column}",
            f"{' ' * margin} {paint.blue('|')}",
            *_rows(marks, text, margin, paint, _WIDTH if width is None else max(width - margin - 5, _NARROWEST)),
        ]
    hint = safe_words(diagnostic.words("help"))
    if hint:
        rows.append(f"{' ' * margin} {paint.blue('=')} {paint.bold('help')}: {hint}")
    return "\n".join(rows)


def to_json(diagnostic: Mistake, source: Source | None) -> dict[str, Any]:
    """Return a diagnostic as plain data; lines and columns count from 1, offsets from 0 in characters.

    Without a source, the lines, the columns and the file are None.
    """
    edit = diagnostic.edit
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "title": safe_words(diagnostic.words("title")),
        "label": safe_words(diagnostic.words("label")),
        "help": safe_words(diagnostic.words("help")),
        "file": None if source is None else safe_words(source.holding(diagnostic.span)[0].name),
        "place": _place(diagnostic.span, source),
        "notes": [
            {"label": safe_words(note.label), "place": _place(note.span, source), **_file(diagnostic, note, source)}
            for note in diagnostic.notes
        ],
        "edit": None if edit is None else _edit(edit, source, safe=source is not None and _is_safe(diagnostic, source)),
    }


def _edit(edit: Edit, source: Source | None, *, safe: bool) -> dict[str, Any]:
    """Return an edit's span, its text, and whether it is safe."""
    return {"place": _place(edit.span, source), "text": edit.text, "safe": safe}


def _is_safe(diagnostic: Mistake, source: Source) -> bool:
    """Whether the edit is safe; one in the text of another plan is applied there."""
    return source.holding(diagnostic.span)[0] is source and is_safe(diagnostic, source.text)


def _file(diagnostic: Mistake, note: Note, source: Source | None) -> dict[str, str]:
    """Return the file of a note, if it is another than that of the diagnostic."""
    if source is None:
        return {}
    own, file = source.holding(diagnostic.span)[0], source.holding(note.span)[0]
    return {} if file is own else {"file": safe_words(file.name)}


def _place(span: Span, source: Source | None) -> dict[str, int | None]:
    """Return the line, the column and the offsets of a span in its text."""
    line, column = (None, None) if source is None else source.position(span.start)
    span = span if source is None else source.holding(span)[1]
    return {"line": line, "column": column, "start": span.start, "end": span.end}


@frozen
class _Paint:
    """The colours of a terminal; they are off unless `on`."""

    on: bool
    severity: str

    def _wrap(self, code: str, text: str) -> str:
        """Return a text in a colour."""
        return f"{code}{text}{_RESET}" if self.on else text

    def title(self, text: str) -> str:
        """Return a text in the colour of the severity, bold."""
        return self._wrap(_BOLD + (_RED if self.severity == "error" else _YELLOW), text)

    def bold(self, text: str) -> str:
        """Return a text in bold."""
        return self._wrap(_BOLD, text)

    def blue(self, text: str) -> str:
        """Return a text in the colour of the frame."""
        return self._wrap(_BLUE, text)

    def mark(self, sign: str, text: str) -> str:
        """Return an underline in its colour: `^` like the title, `-` like the frame."""
        return self.title(text) if sign == "^" else self.blue(text)


def _texts(diagnostic: Mistake, source: Source) -> list[tuple[Source, int, list[_Mark]]]:
    """Return the texts with marks, that of the diagnostic first: each with its first offset and its marks in order.

    A span over several lines has marks on its first and last line.
    """
    marks: dict[int, tuple[Source, int, list[_Mark]]] = {}
    places = [
        (diagnostic.span, "^", diagnostic.words("label")),
        *((note.span, "-", note.label) for note in diagnostic.notes),
    ]
    for span, sign, label in places:
        text, local = source.holding(span)
        _, _, spread = marks.setdefault(id(text), (text, local.start, []))
        spread += _spread(local, sign, safe_words(label), text)
    for _, _, spread in marks.values():
        spread.sort(key=lambda mark: (mark.line, mark.start, mark.sign != "^"))
    return list(marks.values())


def _spread(span: Span, sign: str, label: str, source: Source) -> list[_Mark]:
    """Return the marks of one span; its label is at the end."""
    first, column = source.position(span.start)
    last, end = source.position(max(span.start, span.end))
    if end == 1 and last > first:
        last, end = last - 1, len(source.line(last - 1)) + 1
    if first == last:
        return [_Mark(first, column - 1, max(end - 1, column), sign, label)]
    return [
        _Mark(first, column - 1, max(len(source.line(first)), column), sign, ""),
        _Mark(last, 0, end - 1, sign, label),
    ]


def _rows(marks: list[_Mark], source: Source, margin: int, paint: _Paint, width: int) -> list[str]:
    """Return the lines of the text with the marks under them."""
    rows: list[str] = []
    lines = sorted({mark.line for mark in marks})
    for before, number in pairwise([lines[0] - 1, *lines]):
        if number > before + 1:
            rows.append(f"{' ' * margin} {paint.blue('…')}")
        here = [mark for mark in marks if mark.line == number]
        text = source.line(number)
        start, shown = _window(text, here, width)
        end = start + len(shown)
        left, right = "…" if start else "", "…" if end < len(text) else ""
        body = f"{left}{''.join(shown)}{right}"
        rows.append(f"{paint.blue(f'{number:>{margin}} |')} {body}".rstrip())
        frame = f"{' ' * margin} {paint.blue('|')} "
        rows += [frame + _under(mark, shown, start, len(left), paint) for mark in here]
    return rows


def _window(text: str, marks: list[_Mark], width: int) -> tuple[int, list[str]]:
    """Return the part of a line around its first mark, as it is drawn, and the index of its first character."""
    first = min(mark.start for mark in marks)
    start = 0 if len(text) <= width else max(0, min(first - width // 4, len(text) - width))
    shown = _shown(text[start : start + width])
    # Escapes and wide characters take more cells: a quarter of the width goes to the text before the mark.
    sizes = list(map(cells, shown))
    whole, before, cut, end = sum(sizes), sum(sizes[: first - start]), 0, len(sizes)
    while whole > width and before > width // 4:
        whole, before, cut = whole - sizes[cut], before - sizes[cut], cut + 1
    while whole > width:
        whole, end = whole - sizes[end - 1], end - 1
    return start + cut, shown[cut:end]


def _under(mark: _Mark, shown: Sequence[str], start: int, shift: int, paint: _Paint) -> str:
    """Return the underline of a mark, with its label."""
    begin = min(max(mark.start - start, 0), len(shown))
    end = min(max(mark.end - start, begin), len(shown))
    gap = " " * (shift + cells("".join(shown[:begin])))
    signs = mark.sign * max(1, cells("".join(shown[begin:end])))
    drawn = f"{signs} {mark.label}".rstrip()
    return gap + paint.mark(mark.sign, drawn)


def _shown(text: str) -> list[str]:
    """Return each character of a text as it is drawn: tabs as spaces, invisible characters as escapes."""
    return [" " * _TAB if glyph == "\t" else glyph for glyph in glyphs(text, keep="\t", write=escape_unicode)]
