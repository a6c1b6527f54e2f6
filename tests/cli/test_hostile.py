"""Hostile text from every place, as a terminal draws it: nothing of it moves the cursor, hides or imitates."""

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from llmc.cli import main
from llmc_grammar.terminal_text import json_text, visible
from llmc_runtime.models.model_errors import ServerFailed
from tests.agent.fakes import Reply
from tests.cli.conftest import Cli, Say
from tests.cli.emulator import HEIGHT, WIDTH, Drawn, Terminal, drawn
from tests.cli.test_main import on_terminal

FORGED = "llmc: all is well\nerror[E999]: forged\nmay this run? [y/N] "
PAYLOADS = {
    "clear": "\x1b[2J\x1b[H",
    "up": "\x1b[3A\r",
    "eight bits": "\x9b2J\x9d0;x\x9c",
    "title": "\x1b]0;mine\x07",
    "link": "\x1b]8;;http://x.y\x1b\\",
    "conceal": "\x1b[8m",
    "background": "\x1b[31;41m",
    "other screen": "\x1b[?1049h",
    "no cursor": "\x1b[?25l",
    "back": "\b\b\b\b",
    "return": f"\r{FORGED}",
    "lines": f"\n{FORGED}",
    "other lines": "\x0b\x0c\x85\u2028\u2029",
    "letters": "\x1b(0\x0e",
    "whole": "\x1b#8",
    "reset": "\x1bc",
    "markup": "[conceal]x[/conceal][link=http://x.y]y[/link]",
    "turned": "\u202e\u2066\u200f\u061c",
    "no width": "\u200b\u200d\u2060\ufeff\u00ad\U000e0041",
    "blanks": "\xa0\u3000\u2003\u2800\u3164\uffa0\u115f",
    "ignored": "\ufe00\u034f\u180b\u17b4\U000e0100\ufe0f",
    "marks": " \u0301\u0338" + "e" + "\u0301" * 9,
    "delete": "\x7f\x00",
    "emoji": "\U0001f1e9\U0001f3fd",
}
RAW = frozenset("".join(PAYLOADS.values())) - set(map(chr, range(32, 127))) - set("\n\u0301")


def hostile(payload: str) -> str:
    """A payload between words that have to be seen."""
    return f"in{payload}out"


def quoted(text: str) -> str:
    """A text as a string of the language: characters that a plan may not hold are escapes, the others are raw."""
    return '"' + "".join(_quoted(character) for character in text) + '"'


def _quoted(character: str) -> str:
    is_escaped = character in '"\\$' or ord(character) < 32 or 127 <= ord(character) < 160
    hidden = "\u061c\u200e\u200f\u2028\u2029" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"
    return f"\\u{ord(character):04x}" if is_escaped or hidden or character == "\u061c" else character


TOOLS = """
import sys

from llmc import nondet, pure


@pure
def echo(text: str) -> str:
    return text


@nondet
def fail(text: str) -> str:
    raise RuntimeError(text)


@pure
def boxed(texts: list[str]) -> dict[str, dict[str, str]]:
    return {text: {text: text} for text in texts}


@pure
def printed(text: str) -> str:
    print(text, file=sys.stderr)
    print(text, end="", flush=True)
    return ""
"""
DESCRIBED = """
import json
from pathlib import Path

from llmc import Tool, Toolbox

tools = Toolbox(
    Tool.from_schema(
        f"tool {number} {text}",
        text,
        {
            "type": "object",
            "properties": {text: {"type": "string", "description": text, "default": text}},
            "additionalProperties": False,
        },
        "pure",
        print,
        returns={"enum": [text]},
    )
    for number, text in enumerate(json.loads(Path("payloads.json").read_text("utf-8"))[::2])
)
"""


Show = Callable[..., Drawn]


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Show:
    """Runs a command in this process, and draws what it writes."""
    for name, value in {"COLUMNS": f"{WIDTH}", "LINES": f"{HEIGHT}", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def run(*arguments: str) -> Drawn:
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["llmc", *arguments])
            patch.setattr(sys, "stdout", terminal)
            patch.setattr(sys, "stderr", terminal)
            with pytest.raises(SystemExit):
                main()
        return drawn(terminal.getvalue())

    return run


@pytest.fixture
def texts(folder: Path) -> list[str]:
    """The payloads between words; a folder with plans, tools, a trace and files that have them in every place."""
    texts = [hostile(payload) for payload in PAYLOADS.values()]
    (folder / "payloads.json").write_text(json.dumps(texts), "utf-8")
    (folder / "tools.py").write_text(TOOLS, "utf-8")
    (folder / "described.py").write_text(DESCRIBED, "utf-8")
    _plan("values.llmc", _calls("echo", texts))
    _plan("twice.llmc", _calls("echo", texts * 2))
    _plan("errors.llmc", _calls("fail", texts))
    _plan("prints.llmc", _calls("printed", [*texts[::5], hostile(PAYLOADS["markup"])]))
    _plan("mapping.llmc", f"t = boxed([{', '.join(map(quoted, texts))}])\njoin($t)\n")
    _plan("text.llmc", f"t = echo({quoted(' '.join(text for text in texts if FORGED not in text))})\njoin($t)\n")
    _plan("raw.llmc", "".join(f'{number}. nothing("{text}")  # {text}\n' for number, text in enumerate(texts, 1)))
    _plan("stray.llmc", "".join(f"{number}. echo({text})\n" for number, text in enumerate(texts[::2], 1)))
    _plan("unknown.llmc", "".join(f"{number}. echo(t={quoted(text)})\n" for number, text in enumerate(texts[::4], 1)))
    (folder / "trace.jsonl").write_text(_trace(texts), "utf-8")
    return texts


def _calls(tool: str, texts: list[str]) -> str:
    """A task for each text, and all of their results."""
    calls = "".join(f"t{number} = {tool}({quoted(text)})\n" for number, text in enumerate(texts))
    return f"{calls}join([{', '.join(f'$t{number}' for number in range(len(texts)))}])\n"


def _plan(name: str, text: str) -> None:
    """Write a plan."""
    Path(name).write_bytes(f'use "tools.py"\n{text}'.encode("utf-8", "surrogatepass"))


def _trace(texts: list[str]) -> str:
    """A trace in which every text is from outside."""
    whole = "".join(texts)
    head: dict[str, object] = {"llmc": "trace", "version": 1, "language": 1, "plan": texts[0]}
    head["nodes"] = [{"id": text, "task": text, "text": text, "waits": [], "loop": None, "carry": []} for text in texts]
    events: list[dict[str, object]] = [{"event": "RunStarted", "at": 0}]
    for at, text in enumerate(texts):
        error = {"type": text, "message": whole}
        events.append({"event": "Started", "at": at, "node": text, "indices": []})
        events.append({"event": "Failed", "at": at, "node": text, "indices": [], "error": error})
    return "\n".join(map(json.dumps, [head, *events]))


COMMANDS: Final = (
    "check raw.llmc stray.llmc unknown.llmc",
    "check --format github raw.llmc stray.llmc",
    "check --lenient --format json raw.llmc",
    "check --fix --unsafe-fixes --diff raw.llmc",
    "compile --emit json text.llmc",
    "compile --print-after fold text.llmc",
    "explain twice.llmc",
    "fmt --diff values.llmc",
    "graph --format dot values.llmc",
    "graph --format mermaid values.llmc",
    "graph values.llmc",
    "run --dry-run values.llmc",
    "run --json errors.llmc",
    "run mapping.llmc",
    "run text.llmc",
    "run values.llmc",
    "tools --json described.py",
    "tools described.py",
    "trace trace.jsonl",
)
OF_A_PICTURE: Final = {"reset_mode", "set_mode", "cursor_up", "erase_in_line", "carriage_return"}
"""What rich does when it draws a run again and again."""


def assert_harmless(shown: Drawn, *, picture: bool = False) -> None:
    """Nothing of what was written is more than text, and no line of it begins like one of ours."""
    assert not (RAW - {"\x1b", "\r"}) & set(shown.text)
    assert "\x1b" not in re.sub(r"\x1b\[", "", shown.text)
    assert not set(shown.acts) - (OF_A_PICTURE if picture else set())
    assert not [line for line in shown.lines if re.match(r"llmc: all|error\[E999|may this run", line)]


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_each_payload_does_something_where_it_is_not_escaped(payload: str) -> None:
    """The control: written as it is, it is more than text, cannot be seen, or begins a line like one of ours."""
    if payload == PAYLOADS["markup"]:
        console = Console(file=io.StringIO(), force_terminal=True)
        console.print(payload)
        payload = str(console.file.getvalue())  # type: ignore[attr-defined]  # it is the one above
    with pytest.raises(AssertionError):
        assert_harmless(drawn(hostile(payload)))


@given(st.text(max_size=9))
def test_any_text_is_drawn_as_text(text: str) -> None:
    """The cells hold what was written, one after the other."""
    shown = drawn(visible(text))
    assert not shown.acts
    assert normalize("NFC", shown.lines[0]) == normalize("NFC", visible(text).rstrip())


def test_imitated_words_are_marked_where_one_decides(texts: list[str], show: Show) -> None:
    """In what tools say of themselves, and in what would be called."""
    _plan("word.llmc", 't = echo("p\u0430y")\njoin($t)\n')
    Path("word.py").write_text(TOOLS.replace("    return text\n", '    """P\u0430ypal."""\n', 1))
    assert '"⟨mixed scripts: CYRILLIC, LATIN⟩p\u0430y"' in show("run", "--dry-run", "word.llmc").text
    assert "    ⟨mixed scripts: CYRILLIC, LATIN⟩P\u0430ypal.\n" in show("tools", "word.py").text


@pytest.mark.parametrize("command", COMMANDS)
def test_what_plans_results_errors_tools_and_traces_say(command: str, texts: list[str], show: Show) -> None:
    """It is drawn as text in its place."""
    shown = show(*command.split())
    assert_harmless(shown, picture=command.startswith("run"))
    assert shown.text.count("in") >= len(texts) // 2


def test_everything_is_seen(texts: list[str], show: Show) -> None:
    """The escapes of a value are all there; JSON has the same meaning as without them."""
    shown = show("run", "values.llmc").text
    written = shown[shown.index("[\n") :]
    assert written == "[\n" + ",\n".join(f"  {json_text(text)}" for text in texts) + "\n]\n"
    assert json.loads(written) == texts


def test_what_is_piped_is_exact(texts: list[str], cli: Cli) -> None:
    """A text goes out as it is, and JSON has the same meaning."""
    assert cli("run", "text.llmc").stdout == " ".join(text for text in texts if FORGED not in text) + "\n"
    assert json.loads(cli("run", "values.llmc").stdout) == texts
    assert json.loads(cli("tools", "--json", "described.py").stdout)[3]["description"] == texts[6]


def names(ending: str) -> list[str]:
    """File names with a payload each, those that a file can have."""
    usable = (payload.replace("/", "|").replace("\0", "") for payload in PAYLOADS.values())
    return [*(hostile(payload) + ending for payload in usable), f"\udc9b2J{ending}"]


@pytest.mark.parametrize(
    ("command", "ending"),
    [("check --fix", ".llmc"), ("fmt --check", ".llmc"), ("fmt", ".none")],
)
def test_names_of_plans(command: str, ending: str, texts: list[str], show: Show) -> None:
    """Those of files that are there, have mistakes, or are not there."""
    for name in names(".llmc"):
        Path(name).write_text("f( 1)\nf(2\n" if "--fix" in command else "1. f( 1)\njoin($1)\n", "utf-8")
    shown = show(*command.split(), *names(ending))
    assert_harmless(shown)
    assert "lines" not in command or "\\n" in shown.text


@pytest.mark.parametrize("command", ["run", "trace", "tools", "explain", "new", "run text.llmc --trace"])
def test_names_of_other_files(command: str, texts: list[str], show: Show) -> None:
    """Those that cannot be read or written."""
    for name in (names("")[3], names("")[10]):
        assert_harmless(show(*command.split(), f"no/{name}"), picture=" " in command)


@pytest.mark.parametrize(
    "command", ["--", "run text.llmc --limit", "run text.llmc --input", "graph text.llmc --passes", "check --"]
)
def test_options(command: str, texts: list[str], show: Show) -> None:
    """What is wrong with them is told without obeying it."""
    for text in (texts[3], texts[11]):
        assert_harmless(show(*command.split(), text))
    assert_harmless(show(*command.split()[:-1], f"--{texts[11]}"))


@pytest.mark.parametrize(
    "line", ["{0} = 1", "[tools]\n{0} = {0}", "[limits]\n{0} = {0}", "[limits]\nrun_time = {0}", "x"]
)
def test_the_configuration(line: str, texts: list[str], show: Show) -> None:
    """Keys and values that it may not have."""
    for text in (texts[3], texts[11]):
        Path("llmc.toml").write_text(line.format(json.dumps(text)), "utf-8")
        assert_harmless(show("run", "text.llmc"), picture=True)


@pytest.mark.parametrize("command", ["ask", "plan"])
def test_what_a_model_says(command: str, texts: list[str], say: Say, show: Show) -> None:
    """A plan with its texts and thoughts, what it refuses, and what its server says."""
    calls = "\n".join(f"Thought: {text}\n{number}. echo({quoted(text)})" for number, text in enumerate(texts, 1))
    plan = f"{calls}\n{len(texts) + 1}. join()\n"
    finish = f"Thought: {texts[5]}{texts[11]}\nAction: Finish({texts[5]}{texts[17]})"
    whole = "".join(texts)
    cases: list[tuple[list[Reply], tuple[str, ...]]] = [
        ([plan, finish], ()),
        (["1. nothing(" + whole] * 3, ()),
        ([whole], ("refusal",)),
        ([ServerFailed("m", whole)], ()),
    ]
    for replies, reasons in cases:
        say(*replies, reasons=reasons, size=300)
        assert_harmless(show(command, texts[11], "--tools", "tools.py"), picture=True)


def test_what_tools_print(texts: list[str], show: Show) -> None:
    """It goes above the picture, is no markup there, and begins lines: tools are trusted with that."""
    shown = show("run", "prints.llmc")
    assert not (RAW - {"\x1b", "\r"}) & set(shown.text)
    assert not set(shown.acts) - OF_A_PICTURE
    assert PAYLOADS["markup"] in shown.text


def test_long_text_begins_no_line(texts: list[str], show: Show) -> None:
    """Where a terminal would break a line of a report, the rest is indented."""
    long = "Z" * 3 * WIDTH
    Path("long.llmc").write_text(f'use "tools.py"\n1. echo("{long}", {long})\n2. {long}()\njoin($1)\n', "utf-8")
    for command in ("check long.llmc", f"run {long}", f"check --{long}", f"explain {long}"):
        shown = show(*command.split())
        assert any("ZZZ" in line for line in shown.lines)
        assert not [line for line in shown.lines if line.startswith("Z")]
    assert [line for line in drawn(f"error: {long}").lines if line.startswith("Z")]  # the control


def test_a_process_on_a_terminal(texts: list[str], folder: Path) -> None:
    """All of it together, as it is installed."""
    status, text = on_terminal(folder, "run", "mapping.llmc", COLUMNS=f"{WIDTH}", LINES=f"{HEIGHT}")
    assert status == 0
    assert_harmless(drawn(text.replace("\r\n", "\n")), picture=True)
    assert json_text(texts[0]) in text
