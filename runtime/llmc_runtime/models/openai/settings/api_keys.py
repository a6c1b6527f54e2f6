"""The key of a request: a text, or the result of a key function that is called for each request."""

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
    """A key function returned no valid key."""


async def key_of(asked: ModelSettings) -> SecretStr | None:
    """Return the key for the next request; raises AuthenticationFailed if a key function returns no key in time.

    A sync function runs in a thread, since it may ask a server.
    """
    if asked.key_source is None:
        return asked.key
    seconds = min(asked.first_token, asked.timeout)
    bound = asyncio.timeout(seconds)
    try:
        async with bound:
            return _checked(await _called(asked.key_source))
    except _NoKey as error:
        raise _failed(asked, f"its key function {error}") from None
    except Exception as error:  # noqa: BLE001 — a function of the user may raise any
        if isinstance(error, TimeoutError) and bound.expired():
            raise _failed(asked, f"its key function took longer than {seconds:g} s") from None
        words = f"its key function raised {type(error).__name__}: {words_of(error)}".removesuffix(": ")
        shown = _LIKE_KEYS.sub("…", asked.without_key(words))
        raise _failed(asked, shown) from (error if shown == words else None)


def _failed(asked: ModelSettings, why: str) -> AuthenticationFailed:
    """Return the error for a missing key."""
    return AuthenticationFailed(asked.name, why, None, has_key=True)


async def _called(source: Callable[[], object]) -> object:
    """Call a sync or async function, and return its result."""
    is_async = inspect.iscoroutinefunction(source) or inspect.iscoroutinefunction(getattr(source, "__call__", None))  # noqa: B004
    result = source() if is_async else await _in_thread(source)
    return await result if inspect.isawaitable(result) else result


def _checked(result: object) -> SecretStr:
    """Return the key that a function returned; raises _NoKey for an invalid one."""
    if result is not None and not isinstance(result, str):
        message = f"returned a value of type {type(result).__name__}, not a text"
        raise _NoKey(message)
    try:
        key = secret(result)
    except ValueError:
        message = "returned a key with characters that are not printable ASCII"
        raise _NoKey(message) from None
    if key is None:
        message = "returned no key"
        raise _NoKey(message)
    return key


async def _in_thread(function: Callable[[], object]) -> object:
    """Call a function in a separate thread, which does not keep the loop or the process alive."""
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
            failure = RuntimeError(f"StopIteration: {words_of(error)}")  # a future cannot hold StopIteration
        except BaseException as error:  # noqa: BLE001 — raised by the coroutine that awaits the function
            failure = error
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    OwnThread(work, NAME).start()
    return await ended


def request_headers(asked: ModelSettings) -> dict[str, str | None]:
    """Return the headers of a request: its key and the user's headers, which replace it; None stands for no header.

    Azure's older form takes a key as `api-key`, and a token of Entra ID, which has three parts, as `authorization`.
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
