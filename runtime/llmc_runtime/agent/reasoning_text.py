"""What planner and joiner write, told as it arrives and without secrets."""

from collections.abc import Callable

from llmc_runtime.agent.budget import Role
from llmc_runtime.models.messages import Part, Reasoning
from llmc_runtime.redaction import Secrets


class TextPieces:
    """Tells a text that arrives in pieces, without secrets.

    A secret may arrive in two pieces: as many characters as one may have are held back until more has come.
    """

    __slots__ = ("_held", "_secrets", "_tell")

    def __init__(self, tell: Callable[[str], object], secrets: Secrets) -> None:
        self._tell = tell
        self._secrets = secrets
        self._held = ""

    def add(self, piece: str) -> None:
        """A piece has come."""
        text = self._secrets.text(self._held + piece)
        self._show(text, min(max(self._secrets.longest - 1, 0), len(text)))

    def end(self) -> None:
        """No other piece follows."""
        self._show(self._secrets.text(self._held), 0)

    def _show(self, text: str, held: int) -> None:
        """Tell a text but for its last characters."""
        self._held = text[len(text) - held :]
        if told := text[: len(text) - held]:
            self._tell(told)


class ReasoningText:
    """Listens to the replies of a question, and tells their reasoning; that of tools is not told."""

    __slots__ = ("_pieces", "_role", "_tell")

    def __init__(self, tell: Callable[[Role, str], object], secrets: Secrets) -> None:
        self._tell = tell
        self._role: Role = "planner"
        self._pieces = TextPieces(self._told, secrets)

    def __call__(self, role: Role, piece: Part) -> None:
        """A piece of a reply has come."""
        if role == "tools":
            return
        self._role = role
        if isinstance(piece, Reasoning):
            self._pieces.add(piece.text)
        else:
            self._pieces.end()

    def _told(self, text: str) -> None:
        """A piece without secrets."""
        self._tell(self._role, text)
