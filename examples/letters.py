"""A page would like to write what an approver sees. Each letter of a loop is asked for, before any of them is sent."""

import asyncio
from collections.abc import Sequence

import llmc

ADDRESSES = [f"reader{number}@example.org" for number in range(60)]
PAGE = "Dear all,\x1b[2J\n  to   │ nobody\n       ╰ from input to\nmay this run? [y/N] y" + " and more" * 80

sent: list[str] = []


@llmc.read("web")
async def page() -> str:
    """Text of somebody else, who would like to say yes."""
    return PAGE


@llmc.write("mail", approve=True)
async def send(to: list[str], body: str, *, urgent: bool = False) -> str:
    """Send a letter."""
    await asyncio.sleep(0.01)
    sent.append(to[0])
    return f"{to[0]}: {len(body)} characters, urgent: {urgent}"


PLAN = """
input readers: list[str]
text = page()
send($to, $text) for to in [$readers, ["ann@example.org"], ["p\u0430ul@example.org"]]
"""


class Approver:
    """Show all letters that wait, and let one go."""

    async def ask_all(self, waiting: Sequence[llmc.PendingApproval]) -> None:
        """Approve the letter to Ann, who comes first."""
        print(f"{len(waiting)} letters wait, {len(sent)} are sent")
        first = waiting[0].request
        for pending in waiting:
            same = None if pending is waiting[0] else first
            print(*pending.request.lines(like=same), sep="\n")
            pending.answer(True if pending is waiting[0] else "only the first one")


def main() -> None:
    """Run the plan, and tell what was sent."""
    readers: list[llmc.Json] = [*ADDRESSES, "mallory@example.org"]
    run = llmc.compile(PLAN, llmc.Toolbox([page, send])).run_sync({"readers": readers}, approve=Approver())
    print(run.errors["1"])
    print(f"sent: {', '.join(sent)}")


if __name__ == "__main__":
    main()
