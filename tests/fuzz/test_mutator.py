"""Mutations of JSON: what comes out is JSON again, with what the dictionary knows."""

import json
from random import Random

import pytest

from tests.fuzz.findings import corpus
from tests.fuzz.mutator import Mutator

INPUT = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n'


def mutated(target: str, data: bytes, count: int = 300) -> list[bytes]:
    """Mutations of an input with so many seeds."""
    mutator = Mutator(target)
    found = [mutator.mutated(data, Random(seed)) for seed in range(count)]
    return [each for each in found if each is not None]


@pytest.mark.parametrize("target", ["graph_json", "tool_schema"])
def test_json_stays_json(target: str) -> None:
    """Whatever is changed in a document, it is another document."""
    for path in sorted(corpus(target).iterdir())[:6]:
        found = mutated(target, path.read_bytes(), 50)
        assert len({json.dumps(json.loads(each.split(b"\n")[0])) for each in found}) > 20 * bool(found)


def test_what_is_around_the_json_stays() -> None:
    """In a stream of events the lines are kept, and the JSON behind `data:` changes."""
    found = mutated("sse_stream", INPUT)
    assert len(found) == 300
    kept = [each for each in found if each.startswith(b"data: ") and each.endswith(b"\n\ndata: [DONE]\n")]
    assert len(kept) > 100
    assert len(set(found)) > 200


def test_entries_and_values_of_the_dictionary_are_put_in() -> None:
    """A schema gets words that it did not have, with the values that belong to them."""
    data = b'{"parameters":{"properties":{"path":{"type":"string"}}},"arguments":{"path":"a"}}'
    together = b"".join(mutated("tool_schema", data))
    assert b'"exclusiveMaximum":true' in together
    assert b'"$ref":"#/$defs/a"' in together
    assert b"Infinity" in together


def test_the_same_seed_is_the_same_mutation() -> None:
    """A run of the engine can be repeated."""
    assert mutated("sse_stream", INPUT, 20) == mutated("sse_stream", INPUT, 20)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"hello\n", b"data: [DONE\n", b"[" * 3000])
def test_where_there_is_no_json_nothing_is_mutated(data: bytes) -> None:
    """The engine changes its bytes."""
    assert not mutated("trace", data, 10)
