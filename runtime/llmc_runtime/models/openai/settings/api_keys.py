"""The key of a request: a text, or what a function of the user's own gives for each request anew."""

import asyncio
import inspect
import re
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Final

from pydantic import SecretStr

from llmc_grammar.portable import Portable, words_of
from llmc_runtime.concurrency.thread_pool import NAME, OwnThread
from llmc_runtime.models.model_errors import AuthenticationFailed
from llmc_runtime.models.openai.settings.request_options import has_credentials
from llmc_runtime.models.openai.settings.settings import ModelSettings, secret

_LIKE_KEYS: Final = re.compile(r"(?i:\bbearer\s+\S+)|\b(?:sk-|eyJ)[\w.+/=-]{8,}")
"""Probable keys and tokens in the text of an exception."""


class _NoKey(Portable, Exception):  # noqa: N818 — it never leaves this module
    """The function gave no key."""


async def key_of(asked: ModelSettings) -> SecretStr | None:
    """The key for the next request; raises AuthenticationFailed where the function of the key gives none in time.

    A function that is not async runs in a thread, since it may ask a server.
    """
    if asked.key_source is None:
        return asked.key
    seconds = min(asked.first_token, asked.timeout)
    bound = asyncio.timeout(seconds)
    try:
        async with bound:
            return _checked(await _called(asked.key_source))
    except _NoKey as error:
        raise _failed(asked, f"the function of its key {error}") from None
    except Exception as error:  # noqa: BLE001 — a function of the user may raise any
        if isinstance(error, TimeoutError) and bound.expired():
            raise _failed(asked, f"the function of its key took longer than {seconds:g} s") from None
        words = f"the function of its key raised {type(error).__name__}: {words_of(error)}".removesuffix(": ")
        shown = _LIKE_KEYS.sub("…", asked.without_key(words))
        raise _failed(asked, shown) from (error if shown == words else None)


def _failed(asked: ModelSettings, why: str) -> AuthenticationFailed:
    """The error for a key that is not there."""
    return AuthenticationFailed(asked.name, why, None, has_key=True)


async def _called(source: Callable[[], object]) -> object:
    """The result of a function, async or not."""
    is_async = inspect.iscoroutinefunction(source) or inspect.iscoroutinefunction(getattr(source, "__call__", None))  # noqa: B004
    given = source() if is_async else await _in_thread(source)
    return await given if inspect.isawaitable(given) else given


def _checked(given: object) -> SecretStr:
    """The key that a function returned; raises _NoKey."""
    if given is not None and not isinstance(given, str):
        message = f"gave no text, but a value of type {type(given).__name__}"
        raise _NoKey(message)
    try:
        key = secret(given)
    except ValueError:
        message = "gave a text with characters that no key has"
        raise _NoKey(message) from None
    if key is None:
        message = "gave no key"
        raise _NoKey(message)
    return key


async def _in_thread(function: Callable[[], object]) -> object:
    """Call a function in a thread of its own, which keeps neither loop nor process from ending."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[object] = loop.create_future()
    context = copy_context()

    def settle(result: object, error: BaseException | None) -> None:
        if not ended.done():
            ended.set_result(result) if error is None else ended.set_exception(error)

    def work() -> None:
        result: object = None
        failure: BaseException | None = None
        try:
            result = context.run(function)
        except StopIteration as error:
            failure = RuntimeError(f"StopIteration: {words_of(error)}")  # no future takes it
        except BaseException as error:  # noqa: BLE001 — it is raised where the function was called for
            failure = error
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    OwnThread(work, NAME).start()
    return await ended


def request_headers(asked: ModelSettings) -> dict[str, str | None]:
    """The headers of a request: its key and those of the user's own, which replace it; None is sent as none.

    Azure's older form takes a key as `api-key`, and a token of Entra ID, which has three parts, as others do.
    """
    plain = None if asked.key is None else asked.key.get_secret_value()
    own: dict[str, str | None] = {}
    if plain is None:
        own = {"authorization": None, "api-key": None} if has_credentials(asked.headers) else {}
    elif asked.server == "azure" and asked.api_version is not None and plain.count(".") != 2:  # noqa: PLR2004
        own = {"api-key": plain}
    else:
        own = {"authorization": f"Bearer {plain}", "api-key": None}
    return own | dict(asked.headers)
