"""A display that cannot be drawn."""

from io import StringIO

import pytest
from rich.console import Console

from llmc.cli.progress.live_tree import live_tree
from llmc.cli.progress.run_state import RunState
from llmc_grammar.source import Source
from llmc_runtime.state.events import RunStarted
from tests.runtime.build import graph


class Gone(StringIO):
    """A terminal that has hung up."""

    def write(self, text: str) -> int:
        """It is not there."""
        raise OSError(5, "Input/output error")


def test_a_terminal_that_is_gone_is_told_with_the_next_event() -> None:
    """The thread that draws ends no run; the event after it does, and the end of the display is quiet."""
    console = Console(file=Gone(), force_terminal=True)
    with live_tree(RunState(graph(), Source("", "")), console) as tree, pytest.raises(OSError, match="Input/output"):
        tree.apply(RunStarted(0.0))


def test_a_picture_that_cannot_be_made_is_told_with_the_next_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with a picture ends the run, too."""
    console = Console(file=StringIO(), force_terminal=True)
    with live_tree(RunState(graph(), Source("", "")), console) as tree:
        tree.apply(RunStarted(0.0))
        monkeypatch.setattr("llmc.cli.progress.live_tree.draw", lambda *_, **__: 1 / 0)
        with tree.still():
            pass
        with pytest.raises(ZeroDivisionError):
            tree.apply(RunStarted(0.0))
