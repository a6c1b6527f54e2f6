"""Diagnostics of syntax: one class per mistake, with its texts.

lines.py        characters, sizes, brackets, lines       E101 to E129
statements.py   statements, joins, loops, options        E130 to E159, E190 to E199
expressions.py  values, references, strings              E100, E128, E160 to E189, W101
foreign.py      forms of other languages                 E115 to E119, E129, and free codes above
repairs.py      repairs of a model's text                W110 to W136, E125 to E127
"""

from typing import Final

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors import expressions, foreign, lines, repairs, statements


def _catalogue() -> dict[str, type[Diagnostic]]:
    """Return every class of the modules by its code."""
    classes = [
        item
        for module in (lines, statements, expressions, foreign, repairs)
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Diagnostic) and item is not Diagnostic
    ]
    return {item.code: item for item in sorted(classes, key=lambda item: item.code)}


CATALOGUE: Final = _catalogue()
"""Every diagnostic of syntax by its code."""
