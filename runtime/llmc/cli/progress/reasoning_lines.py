"""Shows the reasoning of models on standard error as it arrives: dim, with an indent that other lines do not have."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from llmc.cli.terminal.screen import INDENT, Painted, question, seen

if TYPE_CHECKING:
    from llmc.cli.progress.agent_progress import Board
    from llmc_runtime.agent.agent_events import Progress


class ReasoningLines:
    """A board that writes reasoning and passes all other events to another board, if any."""

    def __init__(self, board: "Board | None", *, color: bool) -> None:
        self._board = board
        self._color = color
        self._is_open = False
        self._kept: list[str] | None = None

    def apply(self, event: "Progress") -> None:
        """Write reasoning, or end its line."""
        from llmc_runtime.agent.agent_events import Reasoned

        if isinstance(event, Reasoned):
            self._write(event.text)
        elif self._board is not None:
            self.close()
            self._board.apply(event)

    def close(self) -> None:
        """End the current line."""
        if self._is_open and self._kept is None:
            self._is_open = False
            print(file=sys.stderr, flush=True)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Hold reasoning back while a question is asked."""
        self.close()
        held = self._kept = []
        try:
            with question() if self._board is None else self._board.still():
                yield
        finally:
            self._kept = None
            self._write("".join(held))

    def _write(self, text: str) -> None:
        """Write a piece, or hold it back; each line begins with the indent."""
        if self._kept is not None:
            self._kept.append(text)
            return
        pieces: list[str] = []
        for number, line in enumerate(text.split("\n")):
            if number:
                pieces.append("\n")
                self._is_open = False
            if line:
                pieces.append(self._dim(seen(line) if self._is_open else f"{INDENT}{seen(line)}"))
                self._is_open = True
        print(Painted("".join(pieces)), end="", file=sys.stderr, flush=True)

    def _dim(self, text: str) -> str:
        """Return the text in dim letters if the terminal shows colour."""
        return f"\x1b[2m{text}\x1b[0m" if self._color else text


@contextmanager
def reasons_shown(board: "Board | None") -> Iterator[ReasoningLines]:
    """Show reasoning next to a board's output inside the block."""
    from llmc.cli.terminal.diagnostic_output import has_color

    reasons = ReasoningLines(board, color=has_color(sys.stderr))
    try:
        yield reasons
    finally:
        reasons.close()
