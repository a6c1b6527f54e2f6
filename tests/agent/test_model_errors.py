"""What goes wrong on the way to a model and back: every class of error, one layer of retries, no secret anywhere."""

import asyncio
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import httpx2
import pytest

from llmc_runtime.models.messages import End, Part
from llmc_runtime.models.model_errors import (
    AuthenticationFailed,
    ContentRefused,
    ModelError,
    NoStream,
    QuotaSpent,
    RateLimited,
    RequestRefused,
    ServerFailed,
    ServerUnreachable,
    StreamBroken,
)
from llmc_runtime.models.openai import transport as module
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.events import FORMS, QUESTION, Answer, Stream, Wire, chat, event, read, refusal, said, wire
from tests.runtime import clock

KEY: Final = "sk-very-secret"
DEFAULTS: Final[dict[str, Any]] = {"base_url": "http://server/v1", "api_key": KEY, "random": lambda: 1.0}


def model(wire: Wire, api: Api = "chat", retries: int = 0, **options: Any) -> Model:
    """A model with a key behind a transport."""
    return Model("m", api=api, transport=wire.transport, retries=retries, **(DEFAULTS | options))


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            refusal(401, "wrong key"),
            AuthenticationFailed,
            r"cannot be used: wrong key \(HTTP 401\); check its `api_key`",
        ),
        (refusal(403, "not yours"), AuthenticationFailed, "not yours"),
        (refusal(429, "slowly"), RateLimited, r"is rate-limited: slowly \(HTTP 429\)"),
        (
            refusal(429, "slowly", retry_after="7"),
            RateLimited,
            r"slowly \(HTTP 429\); retry after 7 s",
        ),
        (refusal(429, "pay", "insufficient_quota"), QuotaSpent, "pay"),
        (refusal(400, "Your credit balance is too low to access the API"), QuotaSpent, "too low"),
        (refusal(403, "Your team doesn't have any credits yet"), QuotaSpent, "any credits"),
        (refusal(429, "Insufficient balance or no resource package"), QuotaSpent, "no resource"),
        (refusal(429, "Rate limited: add 10 credits for more requests a day"), RateLimited, "add 10 credits"),
        (refusal(400, "Access denied", "Arrearage"), QuotaSpent, "denied"),
        (refusal(403, "Your input was flagged for violence"), ContentRefused, "flagged"),
        (refusal(403, "Content violates usage guidelines"), ContentRefused, "violates"),
        (refusal(400, "Input data may contain inappropriate content"), ContentRefused, "inappropriate"),
        (refusal(400, "Invalid request", "invalid_prompt"), RequestRefused, "Invalid request"),
        (refusal(400, "odd"), RequestRefused, r"refuses the request: odd \(HTTP 400\)$"),
        (refusal(404, "no model m"), RequestRefused, r"no model m \(HTTP 404\)$"),
        (
            httpx2.Response(404, text="404 page not found"),
            RequestRefused,
            "404 page not found .*; the request went to http://server/v1/chat/completions: check `base_url`",
        ),
        (refusal(422, "odd"), RequestRefused, "odd"),
        (refusal(400, "violent", "content_filter"), ContentRefused, "refuses this content: .*violent"),
        (refusal(500, "oh"), ServerFailed, r"failed: oh \(HTTP 500\)"),
        (refusal(503, "busy"), ServerFailed, "busy"),
        (httpx2.Response(502, text="<html>\n\n  bad gateway"), ServerFailed, r"bad gateway \(HTTP 502\)"),
        (httpx2.ConnectError("refused"), ServerUnreachable, "cannot be reached at http://server/v1: refused"),
        (httpx2.ConnectTimeout("slow"), ServerUnreachable, "slow"),
        (httpx2.ReadError(""), ServerUnreachable, "ReadError"),
    ],
)
async def test_a_refused_request_has_its_class(answer: Answer, error: type[ModelError], words: str) -> None:
    """The class tells what to do, the message names the model and quotes the server, and the cause is the SDK's."""
    with pytest.raises(error, match=words) as caught:
        await said(model(wire(answer)))
    assert type(caught.value) is error
    assert str(caught.value).startswith("the model `m` ")
    assert len(str(caught.value)) < 500
    assert caught.value.model == "m"
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("api", "sent", "error", "words"),
    [
        ("chat", [event({"error": {"message": "out of memory"}})], ServerFailed, "out of memory"),
        ("chat", [event({"error": {"message": "m", "code": "content_filter"}})], ContentRefused, "m"),
        ("chat", [event({"error": {"message": "s", "code": "rate_limit_exceeded"}})], RateLimited, "s"),
        ("chat", [event({"error": {"message": "s", "code": 429}})], RateLimited, "s"),
        ("chat", [event({"error": {"message": "pay", "code": "insufficient_quota"}})], QuotaSpent, "pay"),
        ("chat", [event({"error": {"message": "odd", "code": [429]}})], ServerFailed, "odd"),
        (
            "chat",
            [event({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}})],
            QuotaSpent,
            "bal",
        ),
        ("chat", [b'data: {"choices": []}\n\nerror: {"message": "gone"}\n\n'], ServerFailed, "failed: gone"),
        ("chat", [b'data: {"choices": []}\n\n{"error": "gone"}\n'], ServerFailed, "failed: gone"),
        ("chat", chat(["a"], reason="function_call_filter: MALFORMED_FUNCTION_CALL"), ServerFailed, "MALFORMED"),
        ("chat", chat(["a"], reason="abort"), ServerFailed, "abort"),
        ("responses", [event({"type": "error", "code": "x", "message": "gone"})], ServerFailed, "gone"),
        ("responses", [event({"type": "error", "code": "rate_limit_exceeded", "message": "s"})], RateLimited, "s"),
        ("responses", [event({"type": "response.failed", "response": {}})], ServerFailed, "the server gave no reason"),
        ("responses", [event({"type": "error", "code": "insufficient_quota", "message": "pay"})], QuotaSpent, "pay"),
        ("chat", [], StreamBroken, "broke off: http://server/v1 sent no event of a reply$"),
        ("chat", [b"data: [DONE]\n\n"], StreamBroken, "sent no event of a reply"),
        ("chat", chat(["a"])[:1], StreamBroken, "without a finish reason"),
        ("chat", [chat(["a"])[0], chat(["b"])[0][:20]], StreamBroken, "without a finish reason"),
        (
            "chat",
            [chat(["a"])[0], chat(["é"])[0].partition(b"\xc3")[0] + b"\xc3"],
            StreamBroken,
            "without a finish reason",
        ),
        ("chat", [b"data: {no json}\n\n"], StreamBroken, "broke off: an event is not JSON: {no json}"),
        ("chat", [b"data: " + b"[" * 100_000 + b"\n\n"], StreamBroken, r"an event is not JSON: \[\["),
        ("chat", [b"<html>a page</html>"], StreamBroken, "http://server/v1 sent no event of a reply: a page"),
        ("responses", FORMS["responses"](["a"])[:2], StreamBroken, "without a finish reason"),
    ],
)
async def test_a_broken_reply_has_its_class(api: Api, sent: list[bytes], error: type[ModelError], words: str) -> None:
    """Whether the server says so or just stops: no end is given, and nothing but what arrived whole."""
    pieces: list[Part] = []
    stream = Stream(sent)
    with pytest.raises(error, match=words) as caught:
        await read(model(wire(stream), api).reply(QUESTION), pieces)
    assert type(caught.value) is error
    assert not [piece for piece in pieces if isinstance(piece, End) or piece != "a"]
    assert stream.closed


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (httpx2.Response(200, html="<html>a page</html>"), "text/html", ": a page"),
        (httpx2.Response(200, json={"status": "up"}), "application/json", ': {"status": "up"}'),
        (httpx2.Response(200, headers={"content-type": "Text/Plain"}), "text/plain", ""),
    ],
)
def test_what_is_no_stream_is_no_reply(answer: Answer, kind: str, words: str) -> None:
    """Its address and its kind are told, and it is not asked for again, as an empty stream is."""
    seconds, error, asked = timed([answer, good()])
    assert (seconds, asked) == (0.0, 1)
    assert type(error) is NoStream
    assert str(error) == (
        f"the model `m` gave no reply: http://server/v1 sent {kind} instead of a reply's events{words}; "
        "check `base_url`, which usually ends in /v1"
    )
    stream = httpx2.Response(200, headers={"content-type": "text/event-stream; charset=utf-8"})
    assert timed([stream, good()]) == (0.5, ["a"], 2)


async def test_events_are_a_reply_whatever_their_kind() -> None:
    """Some servers call their streams something else."""
    answer = httpx2.Response(200, headers={"content-type": "application/json"}, stream=Stream(chat(["a"])))
    assert (await said(model(wire(answer))))[0] == ["a"]


async def breaking(*pieces: bytes) -> Any:  # noqa: ANN401 — an asynchronous generator
    """Bytes, and then a connection that breaks."""
    for piece in pieces:
        yield piece
    raise httpx2.RemoteProtocolError("peer closed connection")


async def test_a_connection_that_breaks_is_a_broken_reply() -> None:
    """What arrived before stays, and there is no second reply behind it."""
    asked = wire(Stream(breaking(chat(["a"])[0])), chat(["b"]))
    pieces: list[Part] = []
    with pytest.raises(StreamBroken, match="peer closed"):
        await read(model(asked, retries=5).reply(QUESTION), pieces)
    assert pieces == ["a"]
    assert len(asked.requests) == 1


def endless(piece: bytes) -> Iterator[bytes]:
    """A gigabyte of the same."""
    for _ in range(1024**3 // len(piece)):
        yield piece


@pytest.mark.parametrize("begin", [b"data: ", b""])
async def test_an_endless_line_is_cut(begin: bytes) -> None:
    """Of a line of a gigabyte only as much is read as an event may have, and the connection is closed."""
    stream = Stream(piece for pieces in ([begin], endless(b"x" * 65536)) for piece in pieces)
    with pytest.raises(StreamBroken, match="one event has more than 4194304 bytes"):
        await said(model(wire(stream)))
    assert stream.closed
    assert stream.read <= module.MOST_BYTES + 2 * 65536


async def test_an_event_of_endless_lines_is_cut() -> None:
    """The bound is that of the event."""
    stream = Stream(endless(b"data: x\n" * 1000))
    with pytest.raises(StreamBroken, match="one event has"):
        await said(model(wire(stream)))
    assert stream.read <= module.MOST_BYTES + 2 * 8000


async def test_an_endless_refusal_is_cut() -> None:
    """The body of an error has the same bound."""
    stream = Stream(endless(b"x" * 65536))
    with pytest.raises(StreamBroken, match="more than"):
        await said(model(wire(httpx2.Response(500, stream=stream))))
    assert stream.closed
    assert stream.read <= module.MOST_BYTES + 2 * 65536


async def test_an_endless_reply_is_cut() -> None:
    """Many events that are small each have the same bound together."""
    stream = Stream(endless(chat(["x" * 65536])[0]))
    with pytest.raises(StreamBroken, match="its text is longer than"):
        await said(model(wire(stream)))
    assert stream.closed


async def test_a_long_reply_is_not_cut() -> None:
    """The bound is that of an event, not of the bytes of all events together."""
    whole = [*chat(["x" * 500_000] * 8)[:8], *[event({"odd": "x" * 1_000_000})] * 6, *chat([])]
    assert len("".join((await said(model(wire(whole))))[0])) == 4_000_000


async def test_nothing_is_unpacked() -> None:
    """An answer that says it is packed is taken as it is, since a small one may unpack to gigabytes."""
    packed = httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=Stream([b"\x1f\x8b" + bytes(50)]))
    with pytest.raises(StreamBroken, match="sent no event of a reply"):
        await said(model(wire(packed)))


@pytest.mark.parametrize(
    ("api", "answer"),
    [
        ("chat", refusal(401, f"Incorrect API key provided: {KEY}")),
        ("chat", refusal(400, "x", f"code-{KEY}")),
        ("chat", httpx2.ConnectError(f"cannot send {KEY}")),
        ("chat", Stream([event({"error": {"message": f"bad {KEY}"}})])),
        ("responses", Stream([event({"type": "error", "code": f"code-{KEY}"})])),
        ("responses", Stream([event({"type": "response.failed", "response": {"error": {"message": KEY}}})])),
    ],
)
async def test_no_key_is_ever_shown(api: Api, answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    """Not in errors, causes and logs, whatever the server says."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ModelError) as caught:
        await said(model(wire(answer), api))
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in f"{caught.value.said}"
    assert KEY not in caplog.text
    assert caplog.text  # the SDK and its client did log


@pytest.mark.parametrize("place", range(0, 300, 7))
async def test_half_a_key_is_not_shown_where_the_words_are_cut(place: int) -> None:
    """Wherever it is in a long text, and whatever that text is."""
    words = f"{'a ' * (place // 2)}{KEY}{' z' * 600}"
    for answer in (refusal(400, words), httpx2.Response(502, text=words), Stream([f"data: {{{words}\n\n".encode()])):
        with pytest.raises(ModelError) as caught:
            await said(model(wire(answer)))
        assert not [half for half in (KEY[:6], KEY[-6:]) if half in f"{caught.value}{caught.value.said!r}"]


def test_the_traceback_of_an_error_would_show_it() -> None:
    """An error with the key in it is seen by the test above."""
    assert KEY in "".join(traceback.format_exception(RequestRefused("m", KEY, 400)))


async def test_the_address_that_was_asked_is_shown_without_its_secrets() -> None:
    """Its password is left out; of a refusal that is not about it, it is no part."""
    for status, is_shown in ((404, True), (400, False)):
        asked = wire(refusal(status, "Not Found" if is_shown else "no"))
        with pytest.raises(RequestRefused) as caught:
            await said(model(asked, base_url="http://me:hunter22@[::1]:8080/v1"))
        assert "hunter22" in str(asked.requests[0].url)
        assert "hunter22" not in str(caught.value)
        assert ("http://[::1]:8080/v1/chat/completions" in str(caught.value)) == is_shown


async def test_a_missing_key_is_named() -> None:
    """The variable that would hold it is named, and nothing is sent."""
    asked = wire(chat(["a"]))
    for address, variable in (
        (None, "OPENAI_API_KEY"),
        ("https://x.openai.azure.com/openai/v1", "AZURE_OPENAI_API_KEY"),
    ):
        with pytest.raises(AuthenticationFailed, match=f"the API key is missing; set {variable}"):
            await said(Model("m", base_url=address, transport=asked.transport))
    assert asked.requests == []


@pytest.mark.parametrize(
    ("environment", "options", "advice"),
    [
        ({}, {}, "set LLMC_BASE_URL to its address and LLMC_API_KEY to its key"),
        ({"LLMC_BASE_URL": "http://server/v1"}, {}, "set LLMC_API_KEY"),
        ({"LLMC_BASE_URL": "http://server/v1", "LLMC_API_KEY": KEY}, {}, "check the key in LLMC_API_KEY"),
        ({"LLMC_BASE_URL": "http://other/v1", "LLMC_API_KEY": KEY}, {}, "set LLMC_BASE_URL to its address and"),
        ({"OPENAI_API_KEY": KEY}, {"base_url": "https://api.openai.com/v1"}, "check the key in OPENAI_API_KEY"),
        ({"OPENAI_API_KEY": "other"}, {"base_url": None, "api_key": KEY}, "check its `api_key`"),
    ],
)
async def test_who_is_not_let_in_is_told_where_the_key_is_looked_up(
    environment: dict[str, str], options: dict[str, Any], advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what was set, and by where the key comes from."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AuthenticationFailed, match=rf"no \(HTTP 401\); {advice}"):
        await said(model(wire(refusal(401)), **({"api_key": None} | options)))


@pytest.mark.parametrize(
    ("answer", "key", "suggested"),
    [(refusal(401), None, True), (refusal(404), None, True), (refusal(401), KEY, False), (refusal(400), None, False)],
)
async def test_a_configured_model_is_suggested(answer: Answer, key: str | None, suggested: bool) -> None:
    """Where there is no key, or no such model, its name may be misspelt; a key that is refused is another matter."""
    asked = model(wire(answer), api_key=key)
    asked.settings = replace(asked.settings, meant="planner")
    with pytest.raises(ModelError) as caught:
        await said(asked)
    assert ("did you mean `planner`?" in str(caught.value)) == suggested


def timed(answers: list[Answer], retries: int = 2, **options: Any) -> tuple[float, list[str] | ModelError, int]:
    """The virtual seconds that a reply took, what came of it, and how often was asked."""

    async def ask() -> tuple[float, list[str] | ModelError, int]:
        asked = wire(*answers)
        try:
            found: list[str] | ModelError = (await said(model(asked, retries=retries, **options)))[0]
        except ModelError as error:
            found = error
        return asyncio.get_running_loop().time(), found, len(asked.requests)

    return clock.run(ask())


def good() -> Stream:
    """A reply."""
    return Stream(chat(["a"]))


def test_a_question_is_asked_again_after_a_wait() -> None:
    """Each wait is twice as long as the one before, and randomness shortens them by up to a half."""
    assert timed([refusal(500), refusal(503), good()]) == (1.5, ["a"], 3)
    assert timed([httpx2.ConnectError("no"), good()], random=lambda: 0.0) == (0.25, ["a"], 2)
    assert timed([Stream([]), good()]) == (0.5, ["a"], 2)


def test_a_question_is_not_asked_for_ever() -> None:
    """After the retries the error is the last one's; a server's fault that lasts is asked about three times in all."""
    _, error, asked = timed([refusal(500)])
    assert isinstance(error, ServerFailed)
    assert asked == 3


@pytest.mark.parametrize("header", [{"retry_after": "7"}, {"retry_after_ms": "7000"}, {"retry_after": "7.0"}])
def test_the_server_says_how_long_to_wait(header: dict[str, str]) -> None:
    """That long, and no randomness."""
    assert timed([refusal(429, **header), good()]) == (7.0, ["a"], 2)
    assert timed([refusal(503, **header), good()]) == (7.0, ["a"], 2)


@pytest.mark.parametrize("header", ["soon", "-1", "nan", "inf", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_what_is_no_number_of_seconds_is_not_waited_for(header: str) -> None:
    """The wait is then ours."""
    assert timed([refusal(429, retry_after=header), good()]) == (0.5, ["a"], 2)


def test_nobody_waits_too_long() -> None:
    """Where the server wants more than a minute, or more than the time limit has left, that is the error, at once."""
    for header, timeout in (("61", 600.0), ("7", 7.0)):
        seconds, error, asked = timed([refusal(429, retry_after=header), good()], timeout=timeout)
        assert (seconds, asked) == (0.0, 1)
        assert isinstance(error, RateLimited)
        assert error.retry_after == float(header)


@pytest.mark.parametrize("answer", [refusal(400), refusal(401), refusal(404), refusal(429, "", "insufficient_quota")])
def test_what_waiting_does_not_help_is_not_asked_again(answer: Answer) -> None:
    """A bad request stays one."""
    assert timed([answer, good()])[::2] == (0.0, 1)
