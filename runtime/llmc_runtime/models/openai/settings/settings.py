"""The settings of a model: its server, API and limits, and the source of its key.

Address and key default to variables of the environment:

    LLMC_BASE_URL, LLMC_API_KEY         the address of a server, and its key
    OPENAI_BASE_URL, OPENAI_API_KEY     the same, under the SDK's names; the key alone is for OpenAI
    AZURE_OPENAI_API_KEY                the key for Azure

A key from the environment is sent only to the address that it belongs to. The kind of server is guessed from its
address, by host and by each server's default port (8000 vLLM, 30000 SGLang, 11434 Ollama, 8080 llama.cpp); for a
server at another port it is set with `server=`.
"""

import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, TypedDict, get_args
from urllib.parse import urlsplit

import httpx2
from pydantic import SecretStr

from llmc_compiler.decoder.syntaxes import Syntax
from llmc_grammar.reasoning import TagName
from llmc_runtime.models.messages import Prices
from llmc_runtime.models.openai.settings.option_checks import check_one_key, check_options, settled
from llmc_runtime.models.openai.settings.request_options import check_sampling, has_credentials, secrets_in
from llmc_runtime.validation import check_kind, check_names

Api = Literal["responses", "chat", "completions"]
"""An API of OpenAI."""
KeySource = Callable[[], str | Awaitable[str]]
"""Returns the key for the next request."""

Server = Literal["openai", "azure", "vllm", "sglang", "llamacpp", "ollama", "local", "other"]
"""A kind of server, which decides the form of requests."""

OPENAI: Final = "https://api.openai.com/v1"

LOCAL: Final = "local"
"""The name of the model that runs in this process."""

LOOPBACK: Final = "http://127.0.0.1"

_LOGIN: Final = re.compile(r"//[^/]*@")
"""The user name and password in an address."""

_CHOSEN: Final = {"base_url", "api_key", "api", "server", "grammar"}
"""The options that are resolved before they become settings."""

_PORTS: Final[Mapping[int | None, Server]] = {8000: "vllm", 30000: "sglang", 11434: "ollama", 8080: "llamacpp"}
_AZURE: Final = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")

_APIS: Final[Mapping[Server, Api]] = {"openai": "responses", "azure": "responses", "local": "completions"}
"""The default API of a server; it is `chat` for all others."""

_SYNTAXES: Final[Mapping[tuple[Server, Api], tuple[Syntax, ...]]] = {
    ("openai", "responses"): ("lark",),
    ("azure", "responses"): ("lark",),
    ("vllm", "chat"): ("gbnf", "lark"),
    ("vllm", "completions"): ("gbnf", "lark"),
    ("sglang", "chat"): ("gbnf",),
    ("sglang", "completions"): ("gbnf",),
    ("llamacpp", "chat"): ("gbnf", "lark"),
    ("llamacpp", "completions"): ("gbnf", "lark"),
    ("local", "chat"): ("gbnf", "lark"),
    ("local", "completions"): ("gbnf", "lark"),
}
"""The syntaxes of grammars that a server takes through an API; the first is the one that `auto` means."""

_SCHEMAS: Final[frozenset[tuple[Server, Api]]] = frozenset(
    {("openai", "responses"), ("openai", "chat"), ("azure", "responses"), ("azure", "chat"), ("ollama", "chat")}
)
"""The servers and APIs that constrain JSON replies to a schema; others use grammars, or their support is unknown."""

_VARIABLES: Final = (("LLMC_BASE_URL", "LLMC_API_KEY"), ("OPENAI_BASE_URL", "OPENAI_API_KEY"))
_OF_SERVERS: Final[Mapping[Server, str]] = {"openai": "OPENAI_API_KEY", "azure": "AZURE_OPENAI_API_KEY"}


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The immutable settings of a model; times are in seconds.

    `variable` is the environment variable that holds the key. `key_source` returns the key for each request. `meant`
    is a configured model with a similar name, for suggestions in errors.
    """

    name: str
    base_url: str = field(repr=False)  # may contain a password
    key: SecretStr | None
    variable: str | None
    api: Api
    server: Server
    syntax: Syntax | None
    schemas: bool = False
    temperature: float | None = None
    prices: Prices | None = None
    timeout: float = 600.0
    first_token: float = 120.0
    idle: float = 60.0
    connect: float = 10.0
    retries: int = 2
    organisation: str | None = None
    project: str | None = None
    api_version: str | None = None
    path: Path | None = None
    threads: int | None = None
    reasoning_tags: tuple[TagName, ...] = ()
    max_tokens: int | None = None
    top_p: float | None = None
    seed: int | None = None
    reasoning_effort: str | None = None
    stop: tuple[str, ...] = ()
    stream: bool = True
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    extra_body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    key_source: KeySource | None = field(default=None, repr=False)  # a partial shows its arguments
    meant: str | None = None

    @property
    def place(self) -> str:
        """The server's address without user name, password and query."""
        return shown(self.base_url)

    @property
    def near(self) -> bool:
        """Whether the server is on this machine, so that requests bypass proxies."""
        return urlsplit(self.base_url).hostname in {"localhost", "127.0.0.1", "::1"}

    @property
    def has_key(self) -> bool:
        """Whether a key, a key function, or a header with credentials is set."""
        return self.key is not None or self.key_source is not None or has_credentials(self.headers)

    @property
    def secrets(self) -> list[str]:
        """The key, and values of headers and body that look like secrets; the longest first."""
        key = (self.key.get_secret_value(),) if self.key else ()
        return sorted({*key, *secrets_in(self.headers, self.extra_body)}, key=len, reverse=True)

    def without_key(self, text: str) -> str:
        """Return a server's text without the secrets of the request, which the server may quote."""
        for value in self.secrets:
            text = text.replace(value, "…")
        return text


class ModelOptions(TypedDict, total=False):
    """The options of a model. Defaults are guessed from the address or come from the environment."""

    base_url: str | None
    """The address of the server."""
    api_key: str | KeySource | None
    """The key, or a function, sync or async, that returns it; the function is called for each request."""
    api: Api | None
    """The API: "responses", "chat" or "completions"."""
    server: Server | None
    """The kind of server, if its address does not tell."""
    grammar: Syntax | Literal["auto"] | None
    """The syntax of grammars; "auto" chooses one that the server takes, None sends no grammar and no schema."""
    temperature: float | None
    """The temperature of sampling."""
    prices: Prices | None
    """The prices of tokens, for the cost of replies."""
    timeout: float
    """Seconds for a whole reply."""
    first_token: float
    """Seconds until the first text of a reply."""
    idle: float
    """Seconds between two later events of a reply."""
    connect: float
    """Seconds for the connection."""
    retries: int
    """Further attempts before the first text of a reply."""
    organisation: str | None
    """The organisation, for OpenAI."""
    project: str | None
    """The project, for OpenAI."""
    api_version: str | None
    """The version of the API, which selects the older form of Azure's address."""
    threads: int | None
    """The threads of a local model."""
    reasoning_tags: Sequence[TagName]
    """Additional tags around reasoning: names, or pairs of an opening and a closing text."""
    max_tokens: int | None
    """The most tokens of each reply."""
    top_p: float | None
    """The share of probable tokens to sample from, sent unchanged."""
    seed: int | None
    """The seed of sampling, sent unchanged."""
    reasoning_effort: str | None
    """The effort of reasoning, sent unchanged."""
    stop: str | Sequence[str]
    """Texts that end a reply early."""
    stream: bool
    """False requests each reply as a whole."""
    headers: Mapping[str, str]
    """Headers that are added to each request, in the place of those of llmc."""
    extra_body: Mapping[str, Any]
    """Keys that are added to the body of each request, in the place of those of llmc."""


def settings(
    name: str, options: ModelOptions, path: str | Path | None = None, environment: Mapping[str, str] = os.environ
) -> ModelSettings:
    """Resolve the settings of a model; raises TypeError or ValueError, with a suggestion, for an invalid option."""
    check_options(name, options, ModelOptions.__annotations__)
    check_kind("path", path, (str, Path, NoneType), "the path of a file")
    if not name.strip():
        message = 'a model needs a name, such as "gpt-5" or "local"'
        raise ValueError(message)
    rest = settled({key: value for key, value in options.items() if key not in _CHOSEN})
    here = path is not None or (name == LOCAL and options.get("base_url") is None)
    url, variable = (LOOPBACK, None) if here else address(options.get("base_url"), environment)
    server: Server = "local" if here else chosen_server(options.get("server"), checked(url))
    api = chosen_api(options.get("api"), server)
    given = options.get("api_key")
    rest["key_source"] = source = given if callable(given) else None
    key = None if source is not None else secret(given)
    if key is not None or source is not None:
        variable = None
        check_one_key(rest.get("headers", {}))
    elif variable is not None:
        key = secret(environment.get(variable))
    if here:
        rest.setdefault("temperature", 0.0)  # a model this small digresses even without sampling
        rest.setdefault("prices", Prices(0.0, 0.0))
    result = ModelSettings(
        name=name,
        base_url=url,
        key=key,
        variable=variable,
        api=api,
        server=server,
        syntax=chosen_syntax(options.get("grammar", "auto"), server, api),
        schemas=options.get("grammar", "auto") is not None and (server, api) in _SCHEMAS,
        path=Path(path) if path is not None else None,
        **rest,
    )
    check_settings(result)
    return result


def changed(made: ModelSettings, options: ModelOptions) -> ModelSettings:
    """Return the settings with other options; raises TypeError or ValueError for an invalid option.

    Server, API, address, key and grammar cannot be changed.
    """
    check_names(
        "with_options", "option", options, {key: 0 for key in ModelOptions.__annotations__ if key not in _CHOSEN}
    )
    check_options(made.name, options, ModelOptions.__annotations__)
    result = replace(made, **settled(options))
    check_settings(result)
    return result


def shown(url: str) -> str:
    """Return an address without the parts that may be secret: user name, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def secret(key: object) -> SecretStr | None:
    """Return a key; raises TypeError and ValueError, without showing the value, for an invalid key."""
    if not isinstance(key, str | None):
        message = f"`api_key` is a text, or a function that returns a text, not {type(key).__name__}"
        raise TypeError(message)
    if not key or not (plain := key.strip()):
        return None
    if not (plain.isascii() and plain.isprintable()):
        message = "the API key has characters that are not printable ASCII; copy it again"
        raise ValueError(message)
    return SecretStr(plain)


def guess_server(base_url: str) -> Server:
    """Guess the kind of server at an address; return `other` if host and port do not tell."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if host == "api.openai.com" or host.endswith(".api.openai.com"):
        return "openai"
    return "azure" if host.endswith(_AZURE) else _PORTS.get(parts.port, "other")


def address(base_url: str | None, environment: Mapping[str, str] = os.environ) -> tuple[str, str | None]:
    """Return the address of the server, given or from the environment, and its key's variable; raises ValueError."""
    for name, key in _VARIABLES:
        configured = environment.get(name)
        if configured and base_url in {None, configured}:
            return configured, key
    url = OPENAI if base_url is None else checked(base_url)
    return url, _OF_SERVERS.get(guess_server(url))


def checked(base_url: str) -> str:
    """Return a valid address; raises ValueError for any other text."""
    try:
        parts = urlsplit(base_url)
        host = httpx2.URL(base_url).host  # the HTTP client is stricter than urlsplit
        if parts.scheme in {"http", "https"} and parts.hostname and host and parts.port != 0:
            return base_url
    except (ValueError, httpx2.InvalidURL):
        pass
    shown = _LOGIN.sub("//", base_url)
    message = f'`base_url` must be an address such as "http://localhost:8000/v1", not {shown!r}'
    raise ValueError(message)


def chosen_api(api: str | None, server: Server) -> Api:
    """Return the API to use; raises ValueError for an unknown API."""
    choices: tuple[Api, ...] = get_args(Api)
    for choice in choices:
        if api == choice:
            return choice
    if api is not None:
        message = f"`api` is one of {', '.join(choices)}, not {api!r}"
        raise ValueError(message)
    return _APIS.get(server, "chat")


def chosen_server(server: str | None, base_url: str) -> Server:
    """Return the kind of server, guessed if it is not given; raises ValueError for an unknown kind."""
    choices: tuple[Server, ...] = get_args(Server)
    for choice in choices:
        if server == choice:
            return choice
    if server is not None:
        message = f"`server` is one of {', '.join(choices)}, not {server!r}"
        raise ValueError(message)
    return guess_server(base_url)


def chosen_syntax(grammar: str | None, server: Server, api: Api) -> Syntax | None:
    """Return the syntax of grammars, None for no grammar; raises ValueError for one that the server does not take."""
    takes = _SYNTAXES.get((server, api), ())
    if grammar is None:
        return None
    if grammar == "auto":
        return takes[0] if takes else None
    for choice in takes:
        if grammar == choice:
            return choice
    allowed = ", ".join(map(repr, ("auto", *takes)))
    message = f"`grammar` for the server {server!r} and the API {api!r} is {allowed} or None, not {grammar!r}"
    raise ValueError(message)


def check_settings(made: ModelSettings) -> None:
    """Raise ValueError for a number out of its range, and for a text that cannot be a header."""
    for limit in ("timeout", "first_token", "idle", "connect"):
        if not getattr(made, limit) > 0:
            message = f"`{limit}` is a number of seconds above 0, not {getattr(made, limit)!r}"
            raise ValueError(message)
    if made.temperature is not None and not isfinite(made.temperature):
        message = f"`temperature` is a number, not {made.temperature!r}"
        raise ValueError(message)
    check_sampling(made.max_tokens, made.top_p, made.seed, made.reasoning_effort)
    for header in ("organisation", "project"):
        text = getattr(made, header)
        if text is not None and not (text.isascii() and text.isprintable()):
            message = f"`{header}` has characters that are not printable ASCII: {text!r}"
            raise ValueError(message)
    if made.retries < 0:
        message = f"`retries` is 0 or more, not {made.retries!r}"
        raise ValueError(message)
    if made.threads is not None and made.threads < 1:
        message = f"`threads` is 1 or more, not {made.threads!r}"
        raise ValueError(message)
