"""A page that shows results as they come, by server-sent events: `uvicorn live_page:app` in this folder.

It needs `pip install fastapi uvicorn`. Each message is an event of the run with its value, without secrets; the last
one is the run. Leaving the page ends the run. A tool that asks first is not called: nobody is there to say yes.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any, Final

import atlas
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

import llmc

PLAN: Final = """\
input country: str
capital = capital($country)
names = cities($country)
people = population($name) for name in $names
where = coordinates($name) for name in $names
join({"capital": $capital, "cities": $names, "inhabitants": $people, "where": $where})
"""

PAGE: Final = """\
<!doctype html>
<meta charset="utf-8">
<title>llmc</title>
<form><input name="country" value="France"> <button>Run</button></form>
<table></table>
<pre></pre>
<script>
const table = document.querySelector("table"), rows = {};
function show(task, text) {  // textContent: what a tool gave is no markup
  if (!rows[task]) {
    rows[task] = table.insertRow();
    rows[task].insertCell().textContent = task;
    rows[task].insertCell();
  }
  rows[task].cells[1].textContent = text;
}
document.querySelector("form").onsubmit = (submitted) => {
  submitted.preventDefault();
  const messages = new EventSource("/run?" + new URLSearchParams(new FormData(submitted.target)));
  messages.onmessage = (message) => {
    const event = JSON.parse(message.data);
    const task = event.task + (event.indices || []).map((index) => `[${index}]`).join("");
    if (event.event === "Started") show(task, "…");
    if (event.event === "Finished") show(task, JSON.stringify(event.value));
    if (event.event === "Failed") show(task, event.error.message);
    if (event.event === "Run") {
      document.querySelector("pre").textContent = JSON.stringify(event.value, null, 2);
      messages.close();
    }
  };
  messages.onerror = () => messages.close();  // or the browser would ask again
};
</script>
"""

TOOLS: Final = llmc.Toolbox([atlas.capital, atlas.cities, atlas.population, atlas.coordinates])
PROGRAM: Final = llmc.compile(PLAN, TOOLS)

app: Final = FastAPI()


class LiveResponse(StreamingResponse):
    """Ends what it streams as soon as its reader has gone, in whichever way the server tells."""

    def __init__(self, events: AsyncGenerator[str, None]) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self.events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 — as Starlette calls it
        """Stream until the end, or until the reader has gone."""
        streaming = asyncio.ensure_future(self.stream_response(send))
        leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait([streaming, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            streaming.cancel()
            leaving.cancel()
            await asyncio.wait([streaming, leaving])
            await self.events.aclose()  # where it is not the stream that ended them
        with suppress(OSError, asyncio.CancelledError):
            streaming.result()


def message(data: dict[str, Any]) -> str:
    """A server-sent event: JSON has no line ends."""
    return f"data: {json.dumps(data)}\n\n"


async def messages(happened: AsyncGenerator[llmc.events.Event | llmc.Run, None]) -> AsyncGenerator[str, None]:
    """The events of a run, and the run, as messages."""
    async with aclosing(happened):
        async for event in happened:
            told = event.to_json()
            yield message({"event": "Run", **told} if isinstance(event, llmc.Run) else told)


@app.get("/")
async def page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(PAGE)


@app.get("/run")
async def run(country: str) -> LiveResponse:
    """A run of the plan, as it happens."""
    try:
        happened = PROGRAM.stream({"country": country})
    except llmc.InputError as error:
        raise HTTPException(422, str(error)) from error
    return LiveResponse(messages(happened))
