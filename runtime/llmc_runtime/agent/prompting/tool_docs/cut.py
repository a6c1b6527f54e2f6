"""The bounds of a list of tools, for each kind of part."""

from dataclasses import dataclass
from typing import Final

ALL: Final = 1 << 16
"""More characters than any part has."""


@dataclass(frozen=True, slots=True)
class ListCut:
    """The most characters of a part of each kind, in the order in which the kinds are cut.

    `repeated` bounds descriptions that several tools share: longer ones are shown once. `shared` bounds those of
    required parameters among them. `sentences` cuts a tool's description to its first sentence at least.
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
