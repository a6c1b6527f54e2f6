"""Keys that a function gives, for each request anew, and headers that stand for a key."""

import asyncio
import contextvars
import threading
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from llmc_runtime.models.model_errors import AuthenticationFailed, RequestRefused
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.api_keys import key_of
from llmc_runtime.models.openai.settings.settings import settings
from llmc_runtime.models.openai.transport import clients_by_loop
from tests.agent.events import Wire, chat, refusal, said, wire

OPENAI = {"base_url": "https://api.openai.com/v1", "api": "chat"}
AZURE = {"base_url": "https://we.openai.azure.com", "api": "chat", "api_version": "2025-01-01"}
TOKEN = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"


def model(api_key: Any, net: Wire, **options: Any) -> Model:  # noqa: ANN401 — a key, or its function
    """A model with this key."""
    return Model("m", **({"base_url": "https://server/v1"} | options), api_key=api_key, transport=net.transport)


def sent(net: Wire, header: str = "authorization") -> list[str | None]:
    """The header of each request."""
    return [request.headers.get(header) for request in net.requests]


def counted() -> Callable[[], str]:
    """A function that gives another key each time."""
    numbers = iter(range(1, 100))
    return lambda: f"key-{next(numbers)}"


async def test_a_function_gives_the_key_of_each_request() -> None:
    """Also of one that is made again after a fault of the server."""
    net = wire(refusal(500, retry_after="0"), chat(["a"]), chat(["b"]))
    made = model(counted(), net)
    assert "key-" not in repr(made.settings) + repr(made)
    await said(made)
    await said(made)
    assert sent(net) == ["Bearer key-1", "Bearer key-2", "Bearer key-3"]


async def test_a_function_may_be_async_or_any_callable() -> None:
    """A lambda that gives a coroutine, a method, a partial, an object."""

    async def fetch(key: str = "k-async") -> str:
        await asyncio.sleep(0)
        return key

    class Source:
        async def __call__(self) -> str:
            return "k-object"

        def get(self) -> str:
            return " k-method\n"

    sources = (fetch, lambda: fetch("k-lambda"), partial(fetch, "k-partial"), Source(), Source().get)
    keys = [await key_of(settings("m", {"api_key": each})) for each in sources]
    assert [key.get_secret_value() for key in keys if key] == [
        "k-async",
        "k-lambda",
        "k-partial",
        "k-object",
        "k-method",
    ]


async def test_a_function_that_waits_keeps_nobody_waiting() -> None:
    """It is called in a thread, in the context of who asks; the loop goes on meanwhile."""
    tenant = contextvars.ContextVar("tenant", default="nobody")
    go = threading.Event()

    def fetch() -> str:
        assert go.wait(10)
        return f"key-of-{tenant.get()}"

    tenant.set("acme")
    asking = asyncio.ensure_future(key_of(settings("m", {"api_key": fetch})))
    await asyncio.sleep(0)
    go.set()
    key = await asking
    assert key is not None
    assert key.get_secret_value() == "key-of-acme"


class UnreadableError(Exception):
    """Fails at describing itself."""

    def __str__(self) -> str:
        raise RuntimeError


def raising(error: BaseException) -> Callable[[], str]:
    """A function that raises."""

    def fetch() -> str:
        raise error

    return fetch


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (lambda: "", "its key function returned no key"),
        (lambda: None, "its key function returned no key"),
        (lambda: b"sk-1234567890", "its key function returned a value of type bytes, not a text"),
        (lambda: "sk-1234567890\u00a7", "its key function returned a key with characters that are not printable ASCII"),
        (raising(KeyError("AZURE_TOKEN")), "its key function raised KeyError: 'AZURE_TOKEN'"),
        (raising(StopIteration()), "its key function raised RuntimeError: StopIteration"),
        (raising(UnreadableError()), "its key function raised UnreadableError"),
        (raising(ValueError("sk-1234567890 is wrong")), "raised ValueError: … is wrong"),
        (raising(ValueError("bearer abcdef: no")), "raised ValueError: … no"),
        (raising(ValueError(f"the token {TOKEN}")), "raised ValueError: the token …"),
        (raising(ValueError("hunter22 is the password")), "raised ValueError: … is the password"),
    ],
)
async def test_a_function_that_gives_no_key_is_an_error_of_the_key(source: Any, words: str) -> None:  # noqa: ANN401
    """Which names the function, and shows nothing that looks like a key."""
    made = model(source, wire(chat(["a"])), headers={"x-password": "hunter22"})
    with pytest.raises(AuthenticationFailed) as caught:
        await said(made)
    assert words in str(caught.value)
    shown = "".join(traceback.format_exception(caught.value))
    assert not [secret for secret in ("sk-1234567890", "abcdef", TOKEN, "hunter22") if secret in shown]
    assert "check its `api_key`" in str(caught.value)


async def test_a_cause_without_secrets_is_shown() -> None:
    """The control of the test above: there causes were left out, here the traceback of the function is there."""
    with pytest.raises(AuthenticationFailed) as caught:
        await key_of(settings("m", {"api_key": raising(OSError("no route"))}))
    assert isinstance(caught.value.__cause__, OSError)


async def test_a_function_that_hangs_is_left() -> None:
    """After the time that a first text may take; its thread keeps neither the loop nor the process."""
    go = threading.Event()
    hanging = settings("m", {"api_key": lambda: str(go.wait(60)), "first_token": 0.01})
    with pytest.raises(AuthenticationFailed, match=r"took longer than 0.01 s"):
        await key_of(hanging)
    go.set()

    async def late() -> str:
        raise TimeoutError

    with pytest.raises(AuthenticationFailed, match="raised TimeoutError"):
        await key_of(settings("m", {"api_key": late}))


async def test_a_server_that_quotes_the_key_of_a_function_is_not_quoted() -> None:
    """The key is that of the request that was refused."""
    net = wire(refusal(401, "Incorrect API key provided: key-1"))
    with pytest.raises(AuthenticationFailed) as caught:
        await said(model(counted(), net))
    assert "key-1" not in "".join(traceback.format_exception(caught.value))
    assert "provided: …" in str(caught.value)


@pytest.mark.parametrize(
    ("api_key", "options", "authorization", "azure"),
    [
        ("k", {}, "Bearer k", None),
        (lambda: "k", {}, "Bearer k", None),
        ("k", AZURE, None, "k"),
        (lambda: "k", AZURE, None, "k"),
        (lambda: TOKEN, AZURE, f"Bearer {TOKEN}", None),
        (None, {"headers": {"X-API-Key": "k"}}, None, None),
        (None, {"headers": {"Authorization": "Basic abc"}}, "Basic abc", None),
        (None, AZURE | {"headers": {"api-key": "k"}}, None, "k"),
        (
            None,
            OPENAI | {"headers": {"authorization": "B x"}},
            "B x",
            None,
        ),
        (None, {}, "Bearer none", None),
        (None, {"headers": {"x-org": "acme"}}, "Bearer none", None),
    ],
)
async def test_a_request_has_one_key(
    api_key: Any,  # noqa: ANN401 — a key, or its function
    options: dict[str, Any],
    authorization: str | None,
    azure: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That of the header if one is given; Azure's older form takes a token of Entra ID as other servers do."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("AZURE_OPENAI_API_KEY", raising=False)
    net = wire(chat(["a"]))
    assert (await said(model(api_key, net, **options)))[0] == ["a"]
    assert (sent(net), sent(net, "api-key")) == ([authorization], [azure])
    for name, value in options.get("headers", {}).items():
        assert sent(net, name) == [value]


async def test_a_header_replaces_a_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """But not one that was given, which would be a contradiction."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    net = wire(chat(["a"]))
    await said(
        model(None, net, base_url="https://api.openai.com/v1", api="chat", headers={"AUTHORIZATION": "Bearer x"})
    )
    assert sent(net) == ["Bearer x"]
    for api_key in ("k", lambda: "k"):
        with pytest.raises(ValueError, match="`api_key` and the header `authorization` are both keys"):
            Model("m", api_key=api_key, headers={"Authorization": "Bearer x"})


@pytest.mark.parametrize("name", ["x-api-key", "Authorization", "x-goog-api-key", "cookie", "x-auth-token", "x-secret"])
async def test_a_secret_header_that_a_server_quotes_is_hidden(name: str) -> None:
    """With and without its scheme, and in causes; the value of another header is none."""
    value = "Bearer hunter22" if name == "Authorization" else "hunter22"
    net = wire(refusal(400, "hunter22 of acme is wrong"))
    made = Model(
        "m", base_url="https://server/v1", headers={name: value, "x-org": "acme"}, retries=0, transport=net.transport
    )
    with pytest.raises(RequestRefused) as caught:
        await said(made)
    assert "hunter22" not in "".join(traceback.format_exception(caught.value)) + repr(made.settings)
    assert "… of acme is wrong" in str(caught.value)


async def test_a_secret_of_the_body_that_a_server_quotes_is_hidden() -> None:
    """Wherever it stands in `extra_body`."""
    net = wire(refusal(400, "unknown field plugins[0].api_key hunter22, acme"))
    body = {"plugins": [{"api_key": "hunter22", "name": "acme"}], "keys": ["k-1-2-3"]}
    made = Model("m", base_url="https://server/v1", extra_body=body, transport=net.transport)
    with pytest.raises(RequestRefused, match="api_key …, acme") as caught:
        await said(made)
    assert "hunter22" not in "".join(traceback.format_exception(caught.value)) + repr(made.settings)
    assert made.settings.without_key("k-1-2-3") == "…"


async def test_keys_of_a_function_share_one_client() -> None:
    """However often they change; texts have a client each."""
    net = wire(*[chat(["a"])] * 5)
    made = model(counted(), net)
    for _ in range(3):
        await said(made)
    clients = clients_by_loop[asyncio.get_running_loop()].of
    assert len(clients) == 1
    for key in ("a", "b"):
        await said(model(key, net))
    assert len(clients) == 3
    assert sent(net) == ["Bearer key-1", "Bearer key-2", "Bearer key-3", "Bearer a", "Bearer b"]


async def test_no_log_has_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Neither ours, which quotes a server that refuses a part of the request, nor those of the libraries below."""
    caplog.set_level(0)
    net = wire(refusal(400, "Unsupported parameter: 'stream_options' for sk-hunter22, hunter33 of acme"), chat(["a"]))
    made = model(lambda: "sk-hunter22", net, headers={"x-api-key": "hunter33"}, extra_body={"api_key": "hunter44"})
    assert (await said(made))[0] == ["a"]
    assert "refuses `stream_options`" in caplog.text
    assert "of acme" in caplog.text
    assert "hunter" not in caplog.text
