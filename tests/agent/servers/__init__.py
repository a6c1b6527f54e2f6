"""Every server, every reply: the personalities of twelve servers, crossed with the shapes that replies come in.

personality.py    what makes a server: its refusals, the words and forms of its errors, the fields of its events
personalities.py  the twelve
sending.py        the events of a reply through `chat` and `completions`; responses.py: those of `responses`
shapes.py         the rows: what the model says, and how that arrives
table.md          the expectations, written by hand: an answer, or an error with these words of the server
asking.py         one cell: a real agent that asks a server on loopback
"""
