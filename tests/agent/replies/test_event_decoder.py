"""Server-sent events: however the bytes are cut and lines are ended, the events are the same."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_runtime.models.openai.event_decoder import EventDecoder, ServerEvent

EVENTS = [
    ServerEvent("", '{"a": "tür 😀"}'),
    ServerEvent("error", '{"b": 1}'),
    ServerEvent("", "two\nlines"),
    ServerEvent("", ""),
    ServerEvent("", "[DONE]"),
]
STREAM = (
    '\ufeff: ping\n\ndata: {"a": "tür 😀"}\nid: 7\n\nretry: 3\nevent: error\ndata:{"b": 1}\n\n: wait\n'
    "data: two\ndata: lines\n\ndata\n\nid: 8\n\ndata: [DONE]\n\n"
)


def decoded(pieces: list[bytes]) -> list[ServerEvent]:
    """The events in some pieces, and in what is left of them."""
    decoder = EventDecoder()
    return [*(each for piece in pieces for each in decoder.feed(piece)), *decoder.rest()]


@given(st.sampled_from(["\n", "\r", "\r\n"]), st.lists(st.integers(0, len(STREAM.encode()) + 20), max_size=30))
def test_cuts_and_line_ends_change_nothing(line_end: str, cuts: list[int]) -> None:
    """Also between the two characters of a line end, and within a letter."""
    data = STREAM.replace("\n", line_end).encode()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert decoded([data[a:b] for a, b in pairwise(places)]) == EVENTS


def test_every_byte_is_a_piece() -> None:
    """The smallest pieces of all."""
    assert decoded([bytes([byte]) for byte in STREAM.replace("\n", "\r\n").encode()]) == EVENTS


@pytest.mark.parametrize(
    ("sent", "events"),
    [
        (b'data: {"a": 1}', [ServerEvent("", '{"a": 1}')]),
        (b'data: {"a": 1}\n', [ServerEvent("", '{"a": 1}')]),
        (b"data: [DONE]", [ServerEvent("", "[DONE]")]),
        (b'data: {"a": ', []),
        (b'data: "half', []),
        (b"", []),
        (b'{"choices": []}', []),
        (b'error: {"a": 1}', [ServerEvent("error", '{"a": 1}')]),
        (b'data: 1\n\n{"a": 1}\n', [ServerEvent("", "1"), ServerEvent("", '{"a": 1}')]),
        (b'data: 1\n\n{"a":\n1}\n', [ServerEvent("", "1")]),
    ],
)
def test_the_last_event_needs_no_empty_line(sent: bytes, events: list[ServerEvent]) -> None:
    """If it is whole; a beginning is none."""
    assert decoded([sent]) == events


def test_lines_of_json_are_events_of_their_own() -> None:
    """Where a server leaves out the empty lines between them."""
    (sent,) = decoded([b'data: {"a": 1}\ndata: {"a": 2}\ndata: [DONE]\n\n'])
    assert sent.values() == [{"a": 1}, {"a": 2}]
    with pytest.raises(ValueError, match="Expecting"):
        ServerEvent("", "{no json}").values()


def test_an_answer_as_a_whole_may_have_pings_before_it() -> None:
    """As a server sends them while a reply that is not streamed is made."""
    assert ServerEvent("", ': ping\n\n: ping\n\n{\n "a": 1\n}', is_whole=True).values() == [{"a": 1}]
    with pytest.raises(ValueError, match="Expecting"):
        ServerEvent("", ": ping\n\nno json", is_whole=True).values()


def test_a_long_line_in_small_pieces_is_joined_once() -> None:
    """The work grows with the bytes, not with their square: a million pieces are read."""
    pieces = [b"data: ", *([b"x"] * 1_000_000), b"\n\n"]
    assert len(decoded(pieces)[0].data) == 1_000_000
