"""Text and reasoning of planner and joiner, passed on as they arrive, with secrets redacted."""

from collections.abc import Callable

from llmc_runtime.agent.budget import Role
from llmc_runtime.models.messages import Part, Reasoning
from llmc_runtime.redaction import Secrets


class TextPieces:
    """Passes on a text that arrives in pieces, with secrets redacted.

    A secret may be split between pieces, so the last characters, up to the longest secret, are held back.
    """

    __slots__ = ("_held", "_secrets", "_tell")

    def __init__(self, tell: Callable[[str], object], secrets: Secrets) -> None:
        self._tell = tell
        self._secrets = secrets
        self._held = ""

    def add(self, piece: str) -> None:
        """Add a piece, and pass on the text before the characters that are held back."""
        text = self._secrets.text(self._held + piece)
        self._show(text, min(max(self._secrets.longest - 1, 0), len(text)))

    def end(self) -> None:
        """Pass on the rest of the text."""
        self._show(self._secrets.text(self._held), 0)

    def _show(self, text: str, held: int) -> None:
        """Pass on a text except for its last characters."""
        self._held = text[len(text) - held :]
        if shown := text[: len(text) - held]:
            self._tell(shown)


class ReasoningText:
    """Listens to the replies of a question, and passes on the reasoning of planner and joiner, not that of tools."""

    __slots__ = ("_pieces", "_role", "_tell")

    def __init__(self, tell: Callable[[Role, str], object], secrets: Secrets) -> None:
        self._tell = tell
        self._role: Role = "planner"
        self._pieces = TextPieces(self._pass_on, secrets)

    def __call__(self, role: Role, piece: Part) -> None:
        """Receive a piece of a reply."""
        if role == "tools":
            return
        self._role = role
        if isinstance(piece, Reasoning):
            self._pieces.add(piece.text)
        else:
            self._pieces.end()

    def _pass_on(self, text: str) -> None:
        """Pass on a redacted piece, with the role of its model."""
        self._tell(self._role, text)
