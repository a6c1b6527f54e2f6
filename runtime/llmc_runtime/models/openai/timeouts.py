"""The time limits of a reply, on the event loop's clock."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from llmc_runtime.models.model_errors import Limit, ModelTimedOut
from llmc_runtime.models.openai.settings.settings import ModelSettings

T = TypeVar("T")


class ReplyDeadline:
    """Applies the limits of a reply: `first_token` until the first text, then `idle`, and `timeout` throughout.

    Each piece of reasoning before the first text restarts `first_token`. For a reply that is not streamed, only
    `timeout` applies.
    """

    __slots__ = ("_asked", "_is_streamed", "_now", "_settings", "_start", "first_token")

    def __init__(self, settings: ModelSettings, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now
        self._start = self._asked = now()
        self._is_streamed = True
        self.first_token: float | None = None

    def ask(self, *, streamed: bool) -> None:
        """Start the limits of an attempt."""
        self._asked = self._now()
        self._is_streamed = streamed

    def hear(self, *, text: bool, reasoning: bool = False) -> None:
        """Note a received piece; raises ModelTimedOut, since `within` does not interrupt a server that never pauses."""
        seconds = self.seconds
        if seconds >= self._settings.timeout:
            raise ModelTimedOut(self._settings.name, "timeout", self._settings.timeout)
        if text and self.first_token is None:
            self.first_token = seconds
        if reasoning:
            self._asked = self._now()

    @property
    def seconds(self) -> float:
        """The seconds since the question."""
        return self._now() - self._start

    def allows(self, delay: float) -> bool:
        """Whether time is left after a wait."""
        return self.seconds + delay < self._settings.timeout

    def _next(self) -> tuple[float, Limit, float]:
        """Return the next deadline, its limit and the limit's seconds; the reader's own time does not count as idle."""
        settings = self._settings
        whole: tuple[float, Limit, float] = (self._start + settings.timeout, "timeout", settings.timeout)
        if not self._is_streamed:
            return whole
        if self.first_token is None:
            return min(whole, (self._asked + settings.first_token, "first_token", settings.first_token))
        return min(whole, (self._now() + settings.idle, "idle", settings.idle))

    async def within(self, awaitable: Awaitable[T]) -> T:
        """Await within the next limit; raises ModelTimedOut."""
        deadline, limit, seconds = self._next()
        scope = asyncio.timeout_at(deadline)
        try:
            async with scope:
                return await awaitable
        except TimeoutError:
            if not scope.expired():
                raise
            raise ModelTimedOut(self._settings.name, limit, seconds) from None
