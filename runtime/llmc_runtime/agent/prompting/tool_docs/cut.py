"""How much of each kind of part the list of tools has room for."""

from dataclasses import dataclass
from typing import Final

ALL: Final = 1 << 16
"""A number of characters that no part has."""


@dataclass(frozen=True, slots=True)
class ListCut:
    """How many characters a part of each kind may have, in the order in which they are cut.

    `repeated` descriptions, which several tools have in common, are told once where they are longer; `shared` are those
    of required parameters among them. Of `sentences`, a tool's description keeps at least the first one.
    """

    repeated: int = ALL
    examples: int = ALL
    bounds: int = ALL
    optional: int = ALL
    required: int = ALL
    values: int = ALL
    sentences: int = ALL
    descriptions: int = ALL
    shared: int = ALL


WHOLE: Final = ListCut()
