"""Templates made of texts and terms."""

from collections.abc import Iterable

from llmc_compiler.expressions.compact_json import compact
from llmc_compiler.expressions.terms import Const, Template, Term
from llmc_grammar.source import Span


def template(parts: Iterable[str | Term], span: Span) -> Term:
    """Return a text with its constants inserted; it is a constant itself if nothing else is left."""
    pieces: list[str | Term] = []
    for part in parts:
        piece: str | Term = part
        if isinstance(part, Const):
            piece = part.value if isinstance(part.value, str) else compact(part.value)
        if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        elif piece != "":
            pieces.append(piece)
    if all(isinstance(piece, str) for piece in pieces):
        return Const("".join(piece for piece in pieces if isinstance(piece, str)), span)
    return Template(tuple(pieces), span)
