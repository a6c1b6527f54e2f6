"""The listener to the events of a run."""

from collections.abc import Callable
from types import BuiltinMethodType

from llmc_runtime.state.events import Event

Listener = Callable[[Event], object]
"""A function that receives events."""


def guarded(listener: Listener | None, crash: Callable[[BaseException], object]) -> Listener:
    """Return a listener whose exceptions end the run, by `crash`, and not the tool that happens to run.

    The method of a list raises nothing, and is returned as it is.
    """
    if listener is None:
        return _ignore
    if isinstance(listener, BuiltinMethodType):
        return listener

    def tell(event: Event) -> None:
        try:
            listener(event)
        except BaseException as error:  # noqa: BLE001 — raised where the run is awaited
            crash(error)

    return tell


def _ignore(_: Event) -> None:
    """Drop an event of a run without a listener."""
