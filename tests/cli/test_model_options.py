"""`--model-option` of `llmc ask` and `llmc plan`, and the same options in a configuration."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

import llmc
from llmc.cli.arguments.model_options import ELSEWHERE, KNOWN, given_model_options
from llmc.config.config import Config, ConfigError, find_config
from llmc.config.models import load_model
from llmc_runtime.models.openai.settings.settings import ModelOptions, settings
from tests.agent.fakes import Script
from tests.cli.conftest import Cli

ASK = ("ask", "?", "--tools", "tools.py")
HERE = ("--model", "m", "--base-url", "http://h/v1")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The options of the models that were made."""
    found: list[dict[str, Any]] = []

    def model(name: str, **options: Any) -> Script:
        found.append(options)
        return Script(['join("1")'])

    monkeypatch.setattr(llmc, "Model", model)
    return found


def given(*options: str) -> list[str]:
    """The arguments for these options."""
    return [argument for option in options for argument in ("--model-option", option)]


@pytest.mark.parametrize(
    ("options", "read"),
    [
        (["max_tokens=500", "max-tokens=600"], {"max_tokens": 600}),
        (["temperature=0.5", "top_p=1", "seed=-7"], {"temperature": 0.5, "top_p": 1, "seed": -7}),
        (["temperature=null"], {"temperature": None}),
        (["stream=false"], {"stream": False}),
        (["reasoning_effort=5"], {"reasoning_effort": "5"}),
        (["project=a=b"], {"project": "a=b"}),
        (["grammar=none", "api=chat"], {"grammar": None, "api": "chat"}),
        (["stop=END"], {"stop": "END"}),
        (['stop=["\\n\\n", "END"]'], {"stop": ["\n\n", "END"]}),
        (["stop=3"], {"stop": "3"}),
        (['prices={"read": 1, "written": 2}'], {"prices": llmc.Prices(1, 2)}),
        (['reasoning_tags=["plan"]'], {"reasoning_tags": ["plan"]}),
        (["headers.X-Org=acme", "headers.x-org=b, c"], {"headers": {"x-org": "b, c"}}),
        (['headers={"x-a": "1"}', "headers.x-b=2"], {"headers": {"x-a": "1", "x-b": "2"}}),
        (["headers_env.x-api-key=SOME_KEY"], {"headers": {"x-api-key": "hunter22"}}),
        (
            ["extra_body.top_k=20", "extra_body.provider.order=[1]", "extra_body.provider.only=groq"],
            {"extra_body": {"top_k": 20, "provider": {"order": [1], "only": "groq"}}},
        ),
        (['extra_body={"a": {"b": 1}}', "extra_body.a.c=true"], {"extra_body": {"a": {"b": 1, "c": True}}}),
    ],
)
def test_options_are_texts_or_json(options: list[str], read: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A later one replaces an earlier one, and entries of mappings are added."""
    monkeypatch.setenv("SOME_KEY", "hunter22")
    found = given_model_options(options)
    assert found == read
    settings("m", found)


@pytest.mark.parametrize("command", ["ask", "plan"])
def test_options_reach_the_model(cli: Cli, made: list[dict[str, Any]], command: str) -> None:
    """Each command that takes a model takes them."""
    ended = cli(command, *ASK[1:], *HERE, *given("max_tokens=5", "extra_body.top_k=20"))
    assert (ended.status, made) == (0, [{"max_tokens": 5, "extra_body": {"top_k": 20}, "base_url": "http://h/v1"}])


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("max_tokens", "`--model-option max_tokens` has no value: write `--model-option max_tokens=…`"),
        ("max_token=3", "`--model-option max_token` is not an option; did you mean `max_tokens`?"),
        ("wat=3", "`--model-option wat` is not an option; the options are api, "),
        ("=3", "`--model-option ` is not an option; the options are api, "),
        (
            "api_key=sk-1",
            "`--model-option api_key` is not accepted: other users can see the command line: set LLMC_API_KEY",
        ),
        ("base-url=http://x", "`--model-option base-url` is not accepted: write `--base-url`"),
        ("max_tokens=many", "`--model-option max_tokens` takes JSON, such as 1, not `many`"),
        ("max_tokens=1.5", "`max_tokens` is a whole number from 1, not 1.5"),
        ("max_tokens=0", "`max_tokens` is a whole number from 1, not 0"),
        ("max_tokens.x=1", "`--model-option max_tokens.x` is not an option: only `headers.NAME` and `extra_body.KEY`"),
        ("stream=no", "`--model-option stream` takes JSON, such as false, not `no`"),
        ("stream=1", "`stream` is True or False, not 1"),
        ("top_p=NaN", "`top_p` is a number from 0 to 1, not nan"),
        ("server=vlm", "`server` is one of openai, azure, vllm, "),
        ("prices=3", '`--model-option prices` takes prices of a million tokens, such as {"read": 1.25, "written": 10}'),
        ("extra_body=3", '`--model-option extra_body` takes a mapping, such as {"top_k": 20}'),
        ("extra_body.=3", "`--model-option extra_body.` is not an option: only"),
        (f"extra_body.{'a.' * 40}b=3", "is not an option: only `headers.NAME` and `extra_body.KEY` have parts"),
        ("extra_body.stream=true", "`extra_body` has `stream`: set the option `stream`"),
        (f"extra_body={'[' * 50_000}", "`--model-option extra_body` takes JSON, such as "),
        ("headers.a b=3", "`headers` has an invalid name: 'a b'"),
        (
            "headers.Authorization=sk-1",
            "put the secret in a variable, `--model-option headers_env.Authorization=VARIABLE`",
        ),
        (
            'headers={"x-api-key": "sk-1"}',
            "`--model-option headers.x-api-key` is not accepted: put the secret in a variable",
        ),
        ("headers_env.x-key=NO_SUCH", "`--model-option headers_env.x-key`: the variable is missing or empty"),
        ("headers_env.x-key=A=B", "`--model-option headers_env.x-key`: the variable is missing or empty"),
    ],
)
def test_another_option_is_wrong(option: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said what one is, and no key is shown."""
    with pytest.raises((typer.Exit, TypeError, ValueError)) as caught:
        settings("m", given_model_options([option]))
    said = f"{capsys.readouterr().err}{caught.value}"
    assert words in said
    assert "sk-1" not in said


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("max_token=3", "`--model-option max_token` is not an option; did you mean `max_tokens`?"),
        ("max_tokens=1.5", "`max_tokens` is a whole number from 1, not 1.5"),
    ],
)
def test_a_wrong_option_is_wrong_usage(cli: Cli, option: str, words: str) -> None:
    """Its name and its value."""
    ended = cli(*ASK, *HERE, *given(option))
    assert (ended.status, ended.stdout, ended.stderr) == (2, "", f"llmc: {words}\n")


def test_every_option_of_a_model_is_known() -> None:
    """Of the command line, and of a configuration; keys and addresses have places of their own."""
    assert set(KNOWN) - {"headers_env"} == ModelOptions.__annotations__.keys() - ELSEWHERE.keys()


CONFIGURED = """
[models.m]
base_url = "http://h/v1"
max_tokens = 4000
top_p = 0.9
seed = 7
reasoning_effort = "low"
stop = ["END"]
stream = false
reasoning_tags = ["plan", ["<a>", "</a>"]]
headers = { "x-team" = "atlas", "x-region" = "eu" }
headers_env = { "Authorization" = "GATEWAY" }
extra_body = { provider = { order = ["a"], sort = "price" }, top_k = 20 }
"""


def configured(folder: Path, text: str = CONFIGURED) -> Config:
    """The configuration of a text."""
    (folder / "llmc.toml").write_text(text, "utf-8")
    return find_config(folder)


def test_a_configuration_has_the_options_of_a_model(tmp_path: Path) -> None:
    """With secret headers from the environment; what is given for this model is added, or replaces it."""
    config = configured(tmp_path)
    made = load_model("m", config=config, environment={"GATEWAY": "Bearer hunter22"}).settings
    assert (made.max_tokens, made.top_p, made.seed, made.reasoning_effort) == (4000, 0.9, 7, "low")
    assert (made.stop, made.stream, made.reasoning_tags) == (("END",), False, ("plan", ("<a>", "</a>")))
    assert made.headers == {"x-team": "atlas", "x-region": "eu", "authorization": "Bearer hunter22"}
    assert made.extra_body == {"provider": {"order": ["a"], "sort": "price"}, "top_k": 20}
    given: ModelOptions = {
        "max_tokens": 9,
        "stream": True,
        "headers": {"X-Region": "us"},
        "extra_body": {"provider": {"sort": "speed"}},
    }
    made = load_model("m", config=config, environment={"GATEWAY": "Bearer hunter22"}, **given).settings
    assert (made.max_tokens, made.stream, made.seed) == (9, True, 7)
    assert made.headers == {"x-team": "atlas", "x-region": "us", "authorization": "Bearer hunter22"}
    assert made.extra_body == {"provider": {"order": ["a"], "sort": "speed"}, "top_k": 20}
    with pytest.raises(ConfigError, match="its header `Authorization` is missing; set GATEWAY"):
        load_model("m", config=config, environment={})
    assert "hunter22" not in json.dumps(dict(config.models["m"]), default=str)


def test_a_key_that_is_given_goes_before_that_of_the_configuration(tmp_path: Path) -> None:
    """Whose variable need not be there."""
    config = configured(tmp_path, '[models.m]\nbase_url = "http://h/v1"\napi_key_env = "KEY"\n')
    made = load_model("m", config=config, environment={}, api_key="mine").settings
    assert made.key is not None
    assert (made.key.get_secret_value(), made.variable) == ("mine", None)
    made = load_model("m", config=config, environment={}, api_key=lambda: "mine").settings
    assert made.key_source is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'headers = { authorization = "Bearer sk-1" }',
            "`models.m.headers.authorization` is not accepted; put the secret in",
        ),
        ('headers = { "X-Api-Key" = "sk-1" }', 'name it: `headers_env = { "X-Api-Key" = "VARIABLE" }`'),
        ("headers = 3", "`models.m.headers` must be a table, not 3"),
        ("headers = { x-a = 3 }", "`models.m.headers.x-a` must be a string, not 3"),
        ('headers = { "x a" = "3" }', "in `models.m`: `headers` has an invalid name: 'x a'"),
        ('headers = { x-a = "ä" }', "in `models.m`: the value of `x-a` in `headers` is longer"),
        ('headers = { x-a = "b" }\nheaders_env = { X-A = "B" }', "`models.m.headers.x-a` is also in `headers_env`"),
        ("headers_env = { x-a = 3 }", "`models.m.headers_env.x-a` must be a string, not 3"),
        ("extra_body = 3", "`models.m.extra_body` must be a table, not 3"),
        ("extra_body = { a = 1979-05-27 }", "in `models.m`: `extra_body.a` is of type date, which is not JSON data"),
        ("extra_body = { a = inf }", "in `models.m`: `extra_body.a` is not a finite number"),
        ("extra_body = { stream = true }", "in `models.m`: `extra_body` has `stream`: set the option `stream`"),
        ("stream = 1", "`models.m.stream` must be true or false, not 1"),
        ("stop = 1", "`models.m.stop` must be a list of strings, not 1"),
        ('stop = ["a", 1]', "in `models.m`: `stop` is a text, or a list of texts, not of int"),
        ('reasoning_tags = "a"', "`models.m.reasoning_tags` must be a list of strings, not 'a'"),
        ("max_tokens = 1.5", "`models.m.max_tokens` must be a whole number, not 1.5"),
        ('top_p = "1"', "`models.m.top_p` must be a number, not '1'"),
        ("reasoning_effort = 3", "`models.m.reasoning_effort` must be a string, not 3"),
        ("max_tokns = 3", "`models.m.max_tokns` is not a known key; did you mean `max_tokens`?"),
    ],
)
def test_what_a_configuration_cannot_say(tmp_path: Path, text: str, words: str) -> None:
    """The place is named, and no secret is shown."""
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, f"[models.m]\n{text}\n")
    assert words in str(caught.value)
    assert "sk-1" not in str(caught.value)


def test_an_option_replaces_that_of_the_configuration(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number out of its range is told with the model's name."""
    monkeypatch.setenv("GATEWAY", "Bearer hunter22")
    configured(folder)
    ended = cli(*ASK, "--model", "m", *given("max_tokens=0"))
    assert (ended.status, ended.stderr) == (2, "llmc: the model `m`: `max_tokens` is a whole number from 1, not 0\n")
