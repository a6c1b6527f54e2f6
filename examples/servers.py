"""Models on servers that refuse, think, fail and chat: `python examples/servers.py`.

The servers are in this process, on loopback, and send what servers send; with a real one, only the address is another.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

import atlas

import llmc

QUESTION: Final = "Which is higher, K2 or Denali?"
PLAN: Final = '1. height("K2")\n2. height("Denali")\n3. join()\n'

Reply = tuple[int, dict[str, Any]]
Server = Callable[[dict[str, Any]], Reply]


def completion(text: str, *, reasoning: str | None = None) -> Reply:
    """A whole reply, as a server sends it that does not stream."""
    message = {"role": "assistant", "content": [{"type": "text", "text": text}], "reasoning_content": reasoning}
    usage = {"prompt_tokens": 800, "completion_tokens": len(text.split())}
    return 200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}


def without_system(body: dict[str, Any]) -> Reply:
    """A model whose template has no system messages, and who thinks aloud."""
    if any(message["role"] == "system" for message in body["messages"]):
        return 400, {"detail": "System role not supported"}
    if "8611" in str(body["messages"]):
        return completion("Final Answer: K2, by 2421 metres", reasoning="8611 is more than 6190.")
    return completion(PLAN, reasoning="I need both heights.")


def chatty(body: dict[str, Any]) -> Reply:
    """A model that plans well, and answers in prose."""
    return completion("K2 is the higher one." if "8611" in str(body["messages"]) else PLAN)


def short(_: dict[str, Any]) -> Reply:
    """A model with a short memory, behind a gateway that reports errors as successes."""
    words = "This model's maximum context length is 512 tokens. Please reduce the length of the messages."
    return 200, {"error": {"message": words, "code": "context_length_exceeded"}}


class Quiet(logging.Handler):
    """Prints what the log says, without the server's port."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        print(f"    log: {record.getMessage().partition('/v1 ')[2]}")


def served(answer: Server) -> ThreadingHTTPServer:
    """A server on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer a question."""
            status, reply = answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            data = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


async def ask(title: str, answer: Server) -> None:
    """Ask a model on such a server, and print what comes of it."""
    print(title)
    server = served(answer)
    model = llmc.Model("m", base_url=f"http://127.0.0.1:{server.server_port}/v1", retries=0)
    agent = llmc.Agent([atlas.height], model=model)
    try:
        found = await agent.ask(QUESTION)
    except llmc.ModelError as error:
        print(f"    {type(error).__name__}: {error}")
    else:
        mark = " (in prose, and marked as such)" if found.is_unmarked else ""
        print(f"    {found.text}{mark}: {found.total.read:,} tokens read, {found.total.written} written")
    server.shutdown()


async def main(asked: Sequence[tuple[str, Server]]) -> None:
    """Ask each of them."""
    logging.getLogger("llmc").addHandler(Quiet())
    for title, answer in asked:
        await ask(title, answer)


if __name__ == "__main__":
    asyncio.run(
        main(
            [
                (
                    "A template without system messages, a reply that is not streamed, reasoning beside it",
                    without_system,
                ),
                ("Prose in the place of an answer, twice", chatty),
                ("An error under status 200", short),
            ]
        )
    )
