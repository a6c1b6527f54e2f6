"""Where a model is, through which API it is asked, and who gets which key."""

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from llmc.config.config import Config, ConfigError, find_config
from llmc.config.models import load_model
from llmc_runtime.models.messages import Prices
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import ModelOptions, ModelSettings, guess_server, settings, shown

KEYS = {"OPENAI_API_KEY": "for-openai", "AZURE_OPENAI_API_KEY": "for-azure", "LLMC_API_KEY": "for-llmc"}


def key(found: ModelSettings) -> str | None:
    """The key in plain."""
    return found.key.get_secret_value() if found.key else None


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://api.openai.com.evil.example/v1", "other"),
        ("https://evilapi.openai.com/v1", "other"),
        ("https://we.openai.azure.com/openai/v1", "azure"),
        ("https://we.services.ai.azure.com/openai/v1", "azure"),
        ("https://openai.azure.com.evil.example", "other"),
        ("http://gpu:8000/v1", "vllm"),
        ("http://gpu:30000/v1", "sglang"),
        ("http://localhost:11434/v1", "ollama"),
        ("http://localhost:8080/v1", "llamacpp"),
        ("http://localhost/v1", "other"),
    ],
)
def test_a_server_is_guessed_by_host_and_port(address: str, server: str) -> None:
    """What only looks like one is none."""
    assert guess_server(address) == server


@pytest.mark.parametrize(
    ("options", "environment", "url", "found"),
    [
        ({}, KEYS, "https://api.openai.com/v1", "for-openai"),
        ({"api_key": "mine"}, KEYS, "https://api.openai.com/v1", "mine"),
        ({"base_url": "https://x.openai.azure.com"}, KEYS, "https://x.openai.azure.com", "for-azure"),
        ({"base_url": "https://evil.example"}, KEYS, "https://evil.example", None),
        ({"base_url": "https://evil.example", "server": "openai"}, KEYS, "https://evil.example", None),
        ({}, KEYS | {"LLMC_BASE_URL": "http://gpu:8000/v1"}, "http://gpu:8000/v1", "for-llmc"),
        ({"base_url": "http://a"}, KEYS | {"LLMC_BASE_URL": "http://b"}, "http://a", None),
        ({"base_url": "http://b"}, KEYS | {"LLMC_BASE_URL": "http://b"}, "http://b", "for-llmc"),
        ({}, KEYS | {"OPENAI_BASE_URL": "http://proxy"}, "http://proxy", "for-openai"),
        ({}, {"LLMC_BASE_URL": "http://a", "OPENAI_BASE_URL": "http://b"}, "http://a", None),
        ({}, {"LLMC_BASE_URL": "", "OPENAI_API_KEY": " padded\n"}, "https://api.openai.com/v1", "padded"),
        ({}, {"OPENAI_API_KEY": " "}, "https://api.openai.com/v1", None),
    ],
)
def test_a_key_goes_to_the_address_that_it_belongs_to(
    options: Any,  # noqa: ANN401 — any options
    environment: dict[str, str],
    url: str,
    found: str | None,
) -> None:
    """And to no other one, whatever that calls itself."""
    made = settings("m", options, environment=environment)
    assert (made.base_url, key(made)) == (url, found)


def test_the_local_model_gets_no_key_and_no_address() -> None:
    """Its server makes both; a file makes any name local, and an address makes `local` a name."""
    for made in (settings("local", {}, environment=KEYS), settings("other", {}, "model.gguf", KEYS)):
        assert (made.server, made.api, made.syntax, key(made)) == ("local", "completions", "gbnf", None)
    assert settings("local", {"base_url": "http://localhost:8080/v1"}).server == "llamacpp"


def test_the_local_model_is_cold_unless_somebody_says_how_warm() -> None:
    """A server elsewhere has its own default."""
    assert settings("local", {}).temperature == 0.0
    assert settings("local", {"temperature": 0.7}).temperature == 0.7
    assert settings("m", {}).temperature is None


def test_the_local_model_costs_nothing() -> None:
    """Unless somebody says what it does."""
    assert settings("local", {}).prices == Prices(0.0, 0.0)
    assert settings("local", {"prices": Prices(1.0, 2.0)}).prices == Prices(1.0, 2.0)
    assert settings("m", {}).prices is None


@pytest.mark.parametrize(
    ("options", "api", "syntax"),
    [
        ({}, "responses", "lark"),
        ({"api": "chat"}, "chat", None),
        ({"grammar": None}, "responses", None),
        ({"base_url": "http://gpu:8000"}, "chat", "gbnf"),
        ({"base_url": "http://gpu:8000", "grammar": "lark"}, "chat", "lark"),
        ({"base_url": "http://gpu:8000", "api": "responses"}, "responses", None),
        ({"base_url": "http://gpu:11434"}, "chat", None),
        ({"base_url": "http://gpu", "server": "sglang", "api": "completions"}, "completions", "gbnf"),
    ],
)
def test_api_and_grammar_follow_from_the_server(options: Any, api: str, syntax: str | None) -> None:  # noqa: ANN401
    """Where a server takes no grammar through an API, none is sent."""
    made = settings("m", options)
    assert (made.api, made.syntax) == (api, syntax)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("", {}, "a model needs a name"),
        (" ", {}, "a model needs a name"),
        ("m", {"base_url": "localhost:8000"}, "`base_url` must be an address such as"),
        ("m", {"base_url": "http://"}, "`base_url` must be an address such as"),
        ("m", {"base_url": ""}, "`base_url` must be an address such as .*, not ''"),
        ("m", {"base_url": "http://gpu:99999/v1"}, "`base_url` must be an address such as"),
        ("m", {"base_url": "http://gpu:port/v1"}, "`base_url` must be an address such as"),
        ("m", {"base_url": "http://[::1/v1"}, "`base_url` must be an address such as"),
        ("m", {"base_url": "http://gpu/\x01/v1"}, "`base_url` must be an address such as"),
        ("m", {"base_url": "http://ex\xe4mple..com/v1"}, "`base_url` must be an address such as"),
        ("m", {"base_url": "htp://me:sk-1@gpu/v1"}, "`base_url` must be an address such as .*, not 'htp://gpu/v1'"),
        ("m", {"api": "chats"}, "`api` is one of responses, chat, completions, not 'chats'"),
        ("m", {"server": "vlm"}, "`server` is one of openai, .*, not 'vlm'"),
        ("m", {"grammar": "ebnf"}, "is 'auto', 'lark' or None, not 'ebnf'"),
        ("m", {"grammar": "gbnf", "base_url": "http://gpu:11434"}, "is 'auto' or None, not 'gbnf'"),
        ("m", {"timeout": 0}, "`timeout` is a number of seconds above 0, not 0"),
        ("m", {"idle": float("nan")}, "`idle` is a number of seconds above 0, not nan"),
        ("m", {"temperature": float("nan")}, "`temperature` is a number, not nan"),
        ("m", {"organisation": "a\nb"}, "`organisation` has characters that are not printable ASCII"),
        ("m", {"project": "\xe4"}, "`project` has characters that are not printable ASCII"),
        ("m", {"retries": -1}, "`retries` is 0 or more, not -1"),
        ("local", {"threads": 0}, "`threads` is 1 or more, not 0"),
        ("m", {"api_key": "sk-§"}, "characters that are not printable ASCII"),
        ("m", {"max_tokens": 0}, "`max_tokens` is a whole number from 1, not 0"),
        ("m", {"top_p": 1.1}, "`top_p` is a number from 0 to 1, not 1.1"),
        ("m", {"top_p": float("nan")}, "`top_p` is a number from 0 to 1, not nan"),
        ("m", {"seed": 2**63}, "`seed` is a whole number of at most 64 bits"),
        ("m", {"reasoning_effort": " "}, '`reasoning_effort` is empty: set a text such as "low"'),
        ("m", {"stop": ["a", ""]}, "`stop` has an empty text"),
        ("m", {"headers": {"a b": "sk-1"}}, "`headers` has an invalid name: 'a b'"),
        ("m", {"headers": {"": "sk-1"}}, "`headers` has an invalid name: ''"),
        ("m", {"headers": {"x\r\ny": "sk-1"}}, "`headers` has an invalid name"),
        (
            "m",
            {"headers": {"x-org": "sk-1\r\nx-evil: 1"}},
            "the value of `x-org` in `headers` is longer .* or not printable",
        ),
        (
            "m",
            {"headers": {"x-org": "sk-\xe4"}},
            "the value of `x-org` in `headers` is longer .* or not printable ASCII",
        ),
        ("m", {"headers": {"x-org": "sk-1" * 9999}}, "the value of `x-org` in `headers` is longer than 16,384"),
        ("m", {"headers": {"x-org": "sk-1", "X-Org": "sk-1"}}, "`headers` has `x-org` twice"),
        ("m", {"headers": {"Content-Length": "3"}}, "`headers` has `content-length`, which the client itself sets"),
        (
            "m",
            {"headers": {f"x-{each}": "sk-1" for each in range(65)}},
            "`headers` has 65 headers; at most 64 are allowed",
        ),
        ("m", {"extra_body": {"stream": True}}, "`extra_body` has `stream`: set the option `stream`"),
        ("m", {"extra_body": {"messages": []}}, "`extra_body` has `messages`: the agent writes them"),
        ("m", {"extra_body": {"n": 2}}, "`extra_body` has `n`: one reply is read"),
        ("m", {"extra_body": {"a": [1, {"b": float("inf")}]}}, r"`extra_body.a\[1\].b` is not a finite number"),
        ("m", {"extra_body": {"a": "sk-1" * 300_000}}, "`extra_body` is larger than 1,048,576 characters, or deeper"),
    ],
)
def test_what_makes_no_sense_is_said_at_once(name: str, options: Any, words: str) -> None:  # noqa: ANN401 — the same
    """With what would make sense, and without the key."""
    with pytest.raises(ValueError, match=words) as caught:
        Model(name, **options)
    assert "sk-" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        (3, {}, '`name` is a text, such as "gpt-5" or "local", not 3'),
        ("m", {"path": 3}, "`path` is the path of a file, not 3"),
        ("m", {"base_url": 3}, "`base_url` is an address, not 3"),
        ("m", {"api_key": 3}, "`api_key` is a text, or a function that returns a text, not int"),
        ("m", {"api_key": SecretStr("sk-1")}, "`api_key` is a text, or a function that returns a text, not SecretStr"),
        ("m", {"temperature": "x"}, "`temperature` is a number, not 'x'"),
        ("m", {"temperature": True}, "`temperature` is a number, not True"),
        ("m", {"timeout": None}, "`timeout` is a number of seconds above 0, not None"),
        ("m", {"idle": "60s"}, "`idle` is a number of seconds above 0, not '60s'"),
        ("m", {"retries": 1.5}, "`retries` is a whole number, not 1.5"),
        ("m", {"prices": 3}, "`prices` is llmc.Prices(read=…, written=…), not 3"),
        ("m", {"prices": {"read": 1}}, "`prices` is llmc.Prices(read=…, written=…), not {'read': 1}"),
        ("m", {"project": b"x"}, "`project` is a text, not b'x'"),
        ("local", {"threads": 2.0}, "`threads` is a whole number, not 2.0"),
        ("m", {"max_tokens": 1.5}, "`max_tokens` is a whole number from 1, not 1.5"),
        ("m", {"max_tokens": True}, "`max_tokens` is a whole number from 1, not True"),
        ("m", {"seed": "1"}, "`seed` is a whole number, not '1'"),
        ("m", {"stream": 0}, "`stream` is True or False, not 0"),
        ("m", {"stream": None}, "`stream` is True or False, not None"),
        ("m", {"stop": [1]}, "`stop` is a text, or a list of texts, not of int"),
        ("m", {"stop": None}, "`stop` is a text, or a list of texts, not None"),
        ("m", {"headers": [("a", "b")]}, "`headers` is a mapping from names to texts, not [('a', 'b')]"),
        (
            "m",
            {"headers": {"x-api-key": b"sk-1"}},
            "`headers` needs a text for `x-api-key`, not a value of type b",
        ),
        ("m", {"headers": {1: "sk-1"}}, "a name in `headers` is a text, not int"),
        ("m", {"extra_body": "{}"}, "`extra_body` is a mapping from keys of the request to JSON data, not '{}'"),
        ("m", {"extra_body": {"a": {1: 2}}}, "a key in `extra_body.a` is a text, not int"),
        ("m", {"extra_body": {"a": {"b": {1, 2}}}}, "`extra_body.a.b` is of type set, which is not JSON data"),
        ("m", {"temprature": 1}, "`llmc.Model` has no option `temprature`: did you mean `temperature`?"),
        ("m", {"wat": 1}, "`llmc.Model` has no option `wat`: there are: base_url, api_key, api, server, grammar,"),
        ("m", {"meant": "x"}, "`llmc.Model` has no option `meant`: there are:"),
    ],
)
def test_what_is_of_a_wrong_kind_is_said_at_once(name: Any, options: Any, words: str) -> None:  # noqa: ANN401 — the same
    """When the model is made, with what the option is; what may be a key is not shown."""
    with pytest.raises(TypeError) as caught:
        Model(name, **options)
    assert words in str(caught.value)
    assert "sk-" not in str(caught.value)


def test_options_of_requests_are_kept_as_they_are() -> None:
    """Names of headers in small letters; a mapping that changes later does not change them, nor does one of itself."""
    body: dict[str, Any] = {"provider": {"order": ["a", "b"]}, "top_k": 20, "n": 1, "x": (1, None, True)}
    options: ModelOptions = {
        "headers": {"X-Org": " acme "},
        "extra_body": body,
        "stop": "\n\n",
        "stream": False,
        "seed": -1,
    }
    made = settings("m", options)
    body["provider"]["order"].clear()
    assert made.headers == {"x-org": "acme"}
    assert made.extra_body == {"provider": {"order": ["a", "b"]}, "top_k": 20, "n": 1, "x": [1, None, True]}
    assert (made.stop, made.stream, made.seed) == (("\n\n",), False, -1)
    assert "acme" not in repr(made)
    assert "order" not in repr(made)
    body["provider"]["order"].append(body)
    with pytest.raises(ValueError, match="deeper than 32 levels"):
        settings("m", options)


def test_every_option_has_a_kind_or_some_words() -> None:
    """An option that is added is one that is checked: none takes an object of no meaning."""
    for option in ModelOptions.__annotations__:
        with pytest.raises((TypeError, ValueError), match=f"`{option}`"):
            Model("m", **{option: object()})  # type: ignore[arg-type]  # no option is that


@pytest.mark.parametrize(
    "prices", [{"read": -1, "written": 1}, {"read": 1, "written": math.nan}, {"read": 1, "written": 1, "cached": -0.5}]
)
def test_what_is_no_price_is_refused(prices: Any) -> None:  # noqa: ANN401 — the same
    """A cost that is no number would be under every budget."""
    with pytest.raises(ValueError, match=r"the price of tokens \w+ is a number from 0, not "):
        Prices(**prices)


@pytest.mark.parametrize("address", ["https://me:secret@gpu:8000/v1?a=secret#secret", "https://gpu:8000/v1"])
def test_an_address_is_shown_without_what_could_be_a_secret(address: str) -> None:
    """Its host, port and path are left."""
    assert shown(address) == settings("m", {"base_url": address}).place == "https://gpu:8000/v1"
    assert shown("http://[::1]/v1") == "http://[::1]/v1"


def test_an_address_may_be_any() -> None:
    """With a name and a password, in other letters, of IP version 6."""
    for address in ("https://me:secret@gpu:8000/v1?a=b", "http://ex\xe4mple.com/v1", "http://[::1]:8080/v1"):
        assert settings("m", {"base_url": address}).base_url == address


CONFIG = """
[models.planner]
name = "gpt-5"
api_key_env = "PLANNER_KEY"
prices = { read = 1.25, cached = 0.125, written = 10 }
timeout = 30

[models.mine]
path = "models/mine.gguf"
threads = 3

[models.free]
base_url = "http://gpu:8000/v1"
grammar = "none"
"""


def configured(folder: Path, text: str = CONFIG) -> Config:
    """A configuration."""
    (folder / "llmc.toml").write_text(text, "utf-8")
    return find_config(folder)


def test_a_configuration_names_models(tmp_path: Path) -> None:
    """Their keys are in variables, their files relative to the configuration."""
    config = configured(tmp_path)
    planner = load_model("planner", config=config, environment={"PLANNER_KEY": "k"}).settings
    assert (planner.name, key(planner), planner.variable, planner.timeout) == ("gpt-5", "k", "PLANNER_KEY", 30)
    assert planner.prices == Prices(read=1.25, cached=0.125, written=10)
    mine = load_model("mine", config=config).settings
    assert (mine.name, mine.server, mine.path, mine.threads) == ("mine", "local", tmp_path / "models/mine.gguf", 3)
    assert load_model("free", config=config).settings.syntax is None


def test_a_name_that_is_not_configured_is_one_of_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable names the model that nobody named, and the configuration is that of the current folder."""
    configured(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert load_model("gpt-5").settings.server == "openai"
    assert load_model("local").settings.server == "local"
    assert [load_model(name).settings.meant for name in ("gpt-5", "planer", "free")] == [None, "planner", None]
    assert load_model(environment={"LLMC_MODEL": "free"}).settings.base_url == "http://gpu:8000/v1"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (None, "no model is named; set LLMC_MODEL"),
        ("planner", "the model `planner`: its key is missing; set PLANNER_KEY"),
        ("odd", "the model `odd`: `api` is one of"),
    ],
)
def test_a_model_that_cannot_be_made_is_a_mistake(tmp_path: Path, name: str | None, words: str) -> None:
    """Of the configuration."""
    config = configured(tmp_path, CONFIG + '[models.odd]\napi = "chats"\n')
    with pytest.raises(ConfigError, match=words):
        load_model(name, config=config, environment={})
