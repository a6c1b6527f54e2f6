"""The contexts of a run: sessions, pools and mailboxes that tools receive and plans do not see."""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any

from llmc_compiler.tools.tool import Opening, Tool
from llmc_runtime.errors import ContextError
from llmc_runtime.foreign_errors import described


class Contexts:
    """Opens the context of each toolbox once, and closes them in reverse order.

    `given` is for tools whose toolbox opens no context. Nested runs share contexts: the first run opens them, the last
    one closes them. Raises ContextError, before anything is opened, for a tool that takes a context and gets none, or
    one of the wrong class.
    """

    def __init__(self, tools: Iterable[Tool] = (), given: object = None) -> None:
        self._given = given
        self._tools = [tool for tool in tools if tool.marks.context is not None]
        self._opened: dict[Opening, Any] = {}
        self._stack = AsyncExitStack()
        self._users = 0
        for tool in self._tools:
            if tool.opens is None:
                if given is None:
                    raise ContextError(
                        f"`{tool.name}` takes a context, and the run has none: pass one with `run(context=…)`"
                    )
                _check(tool, given)

    def of(self, tool: Tool) -> Any:  # noqa: ANN401 — the type is the tool's choice
        """Return the context of a tool."""
        return self._given if tool.opens is None else self._opened[tool.opens]

    async def open(self) -> None:
        """Open the contexts, unless another run has; on failure close those already open. Raises ContextError."""
        if self._users:
            self._users += 1
            return
        try:
            for tool in self._tools:
                if tool.opens is not None and tool.opens not in self._opened:
                    self._opened[tool.opens] = await self._enter(tool, tool.opens)
                _check(tool, self.of(tool))
        except BaseException as error:
            await self._end(type(error), error, error.__traceback__)
            raise
        self._users = 1

    async def close(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the contexts after the last run, as `async with` does, but let no context swallow an exception."""
        self._users -= 1
        if not self._users:
            await self._end(kind, error, trace)

    async def _end(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.clear()
        await self._stack.__aexit__(kind, error, trace)

    async def _enter(self, tool: Tool, opens: Opening) -> Any:  # noqa: ANN401 — the type is the toolbox's choice
        """Open the context of a toolbox."""
        try:
            return await self._stack.enter_async_context(opens())
        except Exception as error:
            raise ContextError(f"the context of `{tool.name}` could not be opened: {described(error)}") from error


def _check(tool: Tool, context: object) -> None:
    """Refuse a context of a class that the tool does not take; protocols cannot be checked."""
    wants = tool.marks.wants
    if wants is None or getattr(wants, "_is_protocol", False) or isinstance(context, wants):
        return
    actual = type(context).__name__
    raise ContextError(
        f"`{tool.name}` takes a context of type `{wants.__name__}`, and the run's context is of type `{actual}`"
    )
