"""What a model says, and how it arrives; the same for all servers."""

from dataclasses import dataclass

from tests.agent.servers.personality import Place

SIZE = 5
"""Characters of a piece."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a model says: `commentary` comes before the text in an item of its own, `calls` are native ones.

    `fails`: its server breaks down instead.
    """

    text: str = ""
    thinking: str = ""
    commentary: str = ""
    refusal: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """How it arrives.

    `parts`: the content is a list of parts; `whole`: one completion instead of a stream; `unended`: nothing says how
    it ended; `pings`: comments and empty events between, `odd`: others that say nothing; `units`: UTF-16 units of a
    piece; `bytes`: bytes of a chunk; `told`: the server counts tokens; `fault`: where it breaks down in the middle.
    """

    parts: bool = False
    whole: bool = False
    unended: bool = False
    pings: bool = False
    odd: bool = False
    units: int = SIZE
    bytes: int | None = None
    told: bool = True
    fault: Place | None = None


def pieces(text: str, units: int) -> list[str]:
    """A text in pieces of so many UTF-16 units: a piece may end with half a character."""
    coded = text.encode("utf-16-le")
    cut = [coded[at : at + 2 * units] for at in range(0, len(coded), 2 * units)]
    return [piece.decode("utf-16-le", "surrogatepass") for piece in cut]
