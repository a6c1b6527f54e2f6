"""Commands of pages run in forks of one process that has imported llmc, since most of their time would be imports.

    python -P fork_server.py                        # serves in its folder, until its standard input ends
    python -IS fork_client.py llmc run plan.llmc    # with that folder as LLMC_FORK_SERVER

The client sends its standard streams, arguments, folder and environment, and ends with the status of the fork. Each
fork is a new process with the modules of llmc, and nothing else of other commands.
"""

import atexit
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Final

from tests.patience import PATIENCE

PACKAGES: Final = ("llmc_grammar", "llmc_compiler", "llmc_runtime", "llmc")


def preload() -> None:
    """Import every module of llmc."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def serve() -> None:
    """Answer each request with a fork, as long as standard input is open: it ends with the process of the tests."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        server.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while 0 not in select.select([server.fileno(), 0], [], [])[0]:
            client, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _answer(client)
            client.close()
            _reap()


def _reap() -> None:
    """Collect the forks that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _answer(client: socket.socket) -> None:
    """Run a command in a fork of its own, and send its status; the process ends here."""
    _, descriptors, _, _ = socket.recv_fds(client, 1, 3)
    with client.makefile("rb") as message:  # comes in several parts if the environment is large
        request = json.load(message)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        client.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    client.close()
    signal.alarm(int(PATIENCE))  # a test that gives up ends the client, and not its fork
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 — the streams of a process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)  # noqa: SIM115
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    os._exit(_status(request["arguments"]))


def _status(arguments: list[str]) -> int:
    """Run a command, and return its exit status."""
    program, *rest = arguments
    try:
        if Path(program).name == "llmc":
            sys.argv = arguments
            importlib.import_module("llmc.cli").main()
        elif Path(program).name == "pytest":
            sys.argv = arguments
            runpy.run_module("pytest", run_name="__main__")
        else:
            sys.argv = rest
            sys.path.insert(0, str(Path(rest[0]).resolve().parent))
            runpy.run_path(rest[0], run_name="__main__")
        status: object = 0
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001 — as Python itself does
        sys.excepthook(*sys.exc_info())
        status = 1
    atexit._run_exitfuncs()  # noqa: SLF001 — `os._exit` calls none of them
    if not isinstance(status, int | None):
        sys.stderr.write(f"{status}\n")
        status = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return status or 0


if __name__ == "__main__":
    preload()
    serve()
