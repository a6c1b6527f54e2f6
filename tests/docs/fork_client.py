"""A command whose work a fork of the server does; see `fork_server`. It imports nothing that takes time."""

import json
import os
import socket
import sys


def main() -> int:
    """Send the command, and return its exit status."""
    folder = os.getcwd()  # noqa: PTH109 — pathlib takes time to import
    request = {"arguments": sys.argv[1:], "folder": folder, "environment": dict(os.environ)}
    os.chdir(os.environ["LLMC_FORK_SERVER"])  # its path may be too long for an address: 103 bytes on macOS
    with socket.socket(socket.AF_UNIX) as server:
        server.connect("socket")
        socket.send_fds(server, [b"."], [0, 1, 2])
        server.sendall(json.dumps(request).encode())
        server.shutdown(socket.SHUT_WR)
        status = int(server.recv(16) or b"1")
    if status < 0:
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    sys.exit(main())
