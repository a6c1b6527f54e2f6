"""Errors of requests to models.

    ModelError
      AuthenticationFailed      the API key is missing, or the server refuses it
      RateLimited               too many requests or tokens; `retry_after` is the wait that the server asks for
        QuotaSpent              the quota is used up: waiting does not help
      ModelTimedOut             one of the time limits ran out; `limit` names it
      ServerUnreachable         no connection
      ServerFailed              an error inside the server
      RequestRefused            the server refuses the request: an unknown model, an option, the grammar
        ContextTooLong          the question does not fit into the model's context
      ContentRefused            the server, or a filter in front of it, refuses the content
      StreamBroken              the reply broke off, was not in the form of its API, or did not end
        NoStream                a page, or other data, arrived instead of a reply
      ModelMissing              the local model is not installed, or its file is not a model

Each error names the model, and quotes the server in one line of bounded length. Its cause is the SDK's exception,
unless that holds the key.
"""

# ruff: noqa: N818 — callers catch these by name: `except RateLimited`

from typing import Literal

from llmc_runtime.errors import LlmcError
from llmc_runtime.foreign_errors import shortened
from llmc_runtime.models.server_messages import ServerWords

Limit = Literal["first_token", "idle", "timeout"]
"""The time limits of a reply: until its first text, between two events, and for the whole reply."""


class ModelError(LlmcError):
    """A model gave no reply, or only part of one."""

    said: ServerWords | None = None
    """The server's error, None if it sent none."""
    model: str
    """The name of the model."""

    def __init__(self, model: str, what: str) -> None:
        super().__init__(f"the model `{shortened(model)}` {what}")
        self.model = model


class AuthenticationFailed(ModelError):
    """The API key is missing, or the server refuses it.

    `variable` is the environment variable that should hold the key, or None if no variable does.
    """

    def __init__(
        self, model: str, why: object, variable: str | None, *, has_key: bool = False, meant: str | None = None
    ) -> None:
        if has_key:
            advice = f"check the key in {variable}" if variable else "check its `api_key`"
        elif meant is not None:
            advice = f"did you mean `{shortened(meant)}`?"
        else:
            advice = f"set {variable or 'LLMC_BASE_URL to its address and LLMC_API_KEY to its key'}"
        super().__init__(model, f"cannot be used: {shortened(why)}; {advice}")


class RateLimited(ModelError):
    """The server limits requests or tokens. `retry_after` is the wait that it asks for in seconds, None if unknown."""

    def __init__(self, model: str, why: object, retry_after: float | None = None) -> None:
        wait = "" if retry_after is None else f"; retry after {retry_after:g} s"
        super().__init__(model, f"is rate-limited: {shortened(why)}{wait}")
        self.retry_after = retry_after


class QuotaSpent(RateLimited):
    """The quota of the account is used up: waiting does not help."""


class ModelTimedOut(ModelError):
    """One of the time limits of a reply ran out."""

    def __init__(self, model: str, limit: Limit, seconds: float) -> None:
        failure = {"first_token": "sent no text for", "idle": "stalled for", "timeout": "took longer than"}[limit]
        super().__init__(model, f"{failure} {seconds:g} s; increase `{limit}=` to wait longer")
        self.limit = limit
        self.seconds = seconds


class ServerUnreachable(ModelError):
    """The connection to the server failed."""

    def __init__(self, model: str, place: str, why: object) -> None:
        super().__init__(model, f"cannot be reached at {shortened(place)}: {shortened(why)}")


class ServerFailed(ModelError):
    """An error inside the server. `retry_after` is the wait that it asks for in seconds, None if unknown."""

    def __init__(self, model: str, why: object, retry_after: float | None = None) -> None:
        super().__init__(model, f"failed: {shortened(why)}")
        self.retry_after = retry_after


class RequestRefused(ModelError):
    """The server refuses the request. `status` is the HTTP status; `place` is the address if it may be wrong."""

    def __init__(
        self, model: str, why: object, status: int, place: str | None = None, meant: str | None = None
    ) -> None:
        advice = ""
        if meant:
            advice = f"; did you mean `{shortened(meant)}`?"
        elif place is not None:
            advice = f"; the request went to {shortened(place)}: check `base_url`"
        super().__init__(model, f"refuses the request: {shortened(why)}{advice}")
        self.status = status


class ContextTooLong(RequestRefused):
    """The question does not fit into the model's context: asking again does not help."""


class ContentRefused(ModelError):
    """The server, or a filter in front of it, refuses the content of the question or of the reply."""

    def __init__(self, model: str, why: object) -> None:
        super().__init__(model, f"refuses this content: {shortened(why)}")


class StreamBroken(ModelError):
    """The reply broke off, was not in the form of its API, or did not end."""

    def __init__(self, model: str, why: object) -> None:
        super().__init__(model, f"broke off: {shortened(why)}")


class NoStream(StreamBroken):
    """A page, or other data, arrived instead of a reply: waiting does not help."""

    def __init__(self, model: str, place: str, kind: str, words: str = "") -> None:
        response = f"{shortened(place)} sent {shortened(kind) or 'data'} instead of a reply's events"
        quoted = f": {shortened(words)}" if words else ""
        advice = "check `base_url`, which usually ends in /v1"
        ModelError.__init__(self, model, f"gave no reply: {response}{quoted}; {advice}")


class ModelMissing(ModelError):
    """The local model is not installed, or its file is not a model."""
