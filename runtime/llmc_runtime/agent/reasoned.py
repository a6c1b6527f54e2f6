"""The reasoning of planner and joiner, told as it arrives and without secrets."""

from collections.abc import Callable

from llmc_runtime.agent.dialogue import Part, Reasoning
from llmc_runtime.agent.ledger import Role
from llmc_runtime.secrets import Secrets


class Reasons:
    """Listens to the replies of a question, and tells their reasoning; that of tools is not told.

    A secret may arrive in two pieces: as many characters as one may have are held back until more has come.
    """

    __slots__ = ("_held", "_secrets", "_tell")

    def __init__(self, tell: Callable[[Role, str], object], secrets: Secrets) -> None:
        self._tell = tell
        self._secrets = secrets
        self._held = ""

    def __call__(self, role: Role, piece: Part) -> None:
        """A piece of a reply has come."""
        if role == "tools":
            return
        is_reasoning = isinstance(piece, Reasoning)
        text = self._secrets.text(self._held + (piece.text if isinstance(piece, Reasoning) else ""))
        held = min(max(self._secrets.longest - 1, 0), len(text)) if is_reasoning else 0
        self._held = text[len(text) - held :]
        if told := text[: len(text) - held]:
            self._tell(role, told)
