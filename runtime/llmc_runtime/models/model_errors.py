"""What can go wrong when a model is asked.

    ModelError
      AuthenticationFailed      there is no key, or the server refuses it
      RateLimited               too much was asked; `retry_after` is how long the server wants to be left alone
        QuotaSpent              what was paid for is used up: waiting does not help
      ModelTimedOut             one of the time limits ran out; `limit` names it
      ServerUnreachable         no connection
      ServerFailed              the server has a fault of its own
      RequestRefused            the server does not take the request: an unknown model, an option, the grammar
        ContextTooLong          the question does not fit into the model's context
      ContentRefused            the server will not speak about this
      StreamBroken              the reply broke off, was not in the form of its API, or did not end
        NoStream                a page, or other data, came instead of a reply
      ModelMissing              the local model is not installed, or its file is not one

Each names the model, and quotes the server in one line of bounded length. What the SDK raised is the cause, unless its
text holds the key.
"""

# ruff: noqa: N818 — they are caught by name, and `except RateLimited` says it all

from typing import Literal

from llmc_runtime.errors import LlmcError, shortened
from llmc_runtime.models.server_messages import ServerWords

Limit = Literal["first_token", "idle", "timeout"]
"""The time limits of a reply: until its first text, between two events, and of the whole."""


class ModelError(LlmcError):
    """A model gave no reply, or only a part of one; `model` is its name, `said` the server's error if it sent one."""

    said: ServerWords | None = None

    def __init__(self, model: str, what: str) -> None:
        super().__init__(f"the model `{shortened(model)}` {what}")
        self.model = model


class AuthenticationFailed(ModelError):
    """There is no key, or the server refuses it; `variable` is where it is looked up, None where it is nowhere."""

    def __init__(
        self, model: str, why: object, variable: str | None, *, has_key: bool = False, meant: str | None = None
    ) -> None:
        if has_key:
            advice = f"check the key in {variable}" if variable else "check its `api_key`"
        elif meant is not None:
            advice = f"did you mean `{shortened(meant)}`?"
        else:
            advice = f"set {variable or 'LLMC_BASE_URL to its address and LLMC_API_KEY to its key'}"
        super().__init__(model, f"does not let us in: {shortened(why)}; {advice}")


class RateLimited(ModelError):
    """Too much was asked of the server; `retry_after` is in seconds, if it said how long to wait."""

    def __init__(self, model: str, why: object, retry_after: float | None = None) -> None:
        wait = "" if retry_after is None else f"; it wants to be left alone for {retry_after:g} s"
        super().__init__(model, f"is asked too much: {shortened(why)}{wait}")
        self.retry_after = retry_after


class QuotaSpent(RateLimited):
    """What was paid for is used up: waiting does not help."""


class ModelTimedOut(ModelError):
    """One of the time limits of a reply ran out."""

    def __init__(self, model: str, limit: Limit, seconds: float) -> None:
        what = {"first_token": "said nothing for", "idle": "stalled for", "timeout": "took longer than"}[limit]
        super().__init__(model, f"{what} {seconds:g} s; `{limit}=` allows more")
        self.limit = limit
        self.seconds = seconds


class ServerUnreachable(ModelError):
    """There is no connection to the server."""

    def __init__(self, model: str, place: str, why: object) -> None:
        super().__init__(model, f"cannot be reached at {shortened(place)}: {shortened(why)}")


class ServerFailed(ModelError):
    """The server has a fault of its own; `retry_after` is in seconds, if it said how long to wait."""

    def __init__(self, model: str, why: object, retry_after: float | None = None) -> None:
        super().__init__(model, f"has a fault: {shortened(why)}")
        self.retry_after = retry_after


class RequestRefused(ModelError):
    """The server does not take the request; `status` is that of HTTP, `place` the address if it may be a wrong one."""

    def __init__(
        self, model: str, why: object, status: int, place: str | None = None, meant: str | None = None
    ) -> None:
        advice = ""
        if meant:
            advice = f"; did you mean `{shortened(meant)}`?"
        elif place is not None:
            advice = f"; {shortened(place)} was asked: is `base_url` right?"
        super().__init__(model, f"does not take the request: {shortened(why)}{advice}")
        self.status = status


class ContextTooLong(RequestRefused):
    """The question is longer than the model's context, and asking again does not help."""


class ContentRefused(ModelError):
    """The server, or a filter in front of it, will not speak about this."""

    def __init__(self, model: str, why: object) -> None:
        super().__init__(model, f"will not speak about this: {shortened(why)}")


class StreamBroken(ModelError):
    """The reply broke off, was not in the form of its API, or did not end."""

    def __init__(self, model: str, why: object) -> None:
        super().__init__(model, f"broke off: {shortened(why)}")


class NoStream(StreamBroken):
    """A page, or other data, came instead of a reply: waiting does not help."""

    def __init__(self, model: str, place: str, kind: str, words: str = "") -> None:
        came = f"{shortened(place)} sent {shortened(kind) or 'data'}, and no event of one"
        quoted = f": {shortened(words)}" if words else ""
        advice = "is `base_url` that of the API? It mostly ends in /v1"
        ModelError.__init__(self, model, f"gave no reply: {came}{quoted}; {advice}")


class ModelMissing(ModelError):
    """The local model is not installed, or its file is not one."""
