"""The parts of a plan as written in its text."""

import re
from typing import Final

from llmc_grammar.source import Source, Span

_LONGEST_TEXT: Final = 400


def written(span: Span, task: str, source: Source) -> str:
    """Return the text of a span on one line, without the task's number or name in front."""
    text = " ".join(source.at(Span(span.start, min(span.end, span.start + _LONGEST_TEXT))).split())
    return re.sub(rf"^{re.escape(task)}\s*(?:\.(?!\d)|=(?!=))\s*", "", text)
