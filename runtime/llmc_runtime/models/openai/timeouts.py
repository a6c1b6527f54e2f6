"""The time limits of a reply, on the event loop's clock."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from llmc_runtime.models.model_errors import Limit, ModelTimedOut
from llmc_runtime.models.openai.settings.settings import ModelSettings

T = TypeVar("T")


class ReplyDeadline:
    """From the question to the end: `first_token` until the first text, then `idle`, and always `timeout`.

    Each piece of reasoning before the first text starts `first_token` anew. A reply that is not streamed has no first
    text, but `timeout` alone.
    """

    __slots__ = ("_asked", "_is_streamed", "_now", "_settings", "_start", "first_token")

    def __init__(self, settings: ModelSettings, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now
        self._start = self._asked = now()
        self._is_streamed = True
        self.first_token: float | None = None

    def ask(self, *, streamed: bool) -> None:
        """The question is asked, perhaps once more."""
        self._asked = self._now()
        self._is_streamed = streamed

    def hear(self, *, text: bool, reasoning: bool = False) -> None:
        """Something came; raises ModelTimedOut: what never makes us wait is never interrupted."""
        seconds = self.seconds
        if seconds >= self._settings.timeout:
            raise ModelTimedOut(self._settings.name, "timeout", self._settings.timeout)
        if text and self.first_token is None:
            self.first_token = seconds
        if reasoning:
            self._asked = self._now()

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return self._now() - self._start

    def allows(self, delay: float) -> bool:
        """Whether there is time for a wait, and for something after it."""
        return self.seconds + delay < self._settings.timeout

    def _next(self) -> tuple[float, Limit, float]:
        """When the next limit runs out, and which; time that the reader takes is no silence of the server."""
        settings = self._settings
        whole: tuple[float, Limit, float] = (self._start + settings.timeout, "timeout", settings.timeout)
        if not self._is_streamed:
            return whole
        if self.first_token is None:
            return min(whole, (self._asked + settings.first_token, "first_token", settings.first_token))
        return min(whole, (self._now() + settings.idle, "idle", settings.idle))

    async def within(self, awaitable: Awaitable[T]) -> T:
        """What is awaited, in time; raises ModelTimedOut."""
        deadline, limit, seconds = self._next()
        scope = asyncio.timeout_at(deadline)
        try:
            async with scope:
                return await awaitable
        except TimeoutError:
            if not scope.expired():
                raise
            raise ModelTimedOut(self._settings.name, limit, seconds) from None
