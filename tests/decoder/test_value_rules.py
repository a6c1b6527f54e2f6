"""Every value that a schema's own validator accepts, and that a plan can write, is in the sound grammar.

Random schemas of all keywords, random values, and jsonschema as the judge. `LLMC_SCHEMAS` is how many schemas there are
(80); pytest's `-s` shows what was found. The exceptions are those that `decoder/shapes.py` lists.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import validator_for
from referencing.exceptions import Unresolvable

from llmc import Json, Tool, Toolbox, decoder_grammar
from tests.decoder.judge import Verdict, judge
from tests.decoder.schemas import spellings, values, wholes, without_a_key
from tests.decoder.walker import Walker

SCHEMAS: Final = int(os.environ.get("LLMC_SCHEMAS", "80"))
TRIED: Final = 40
"""Values that are tried with each schema."""
DEEPEST: Final = 2
SPELLINGS: Final = 60
WALKS: Final = 2
LEFT: Final = (
    *("pattern", "multipleOf", "uniqueItems", "contains", "not", "if", "dependentRequired", "patternProperties"),
    *("propertyNames", "minProperties", "maxProperties", "oneOf"),
)
"""The keywords of these schemas that are left to the compiler."""
FORMATS: Final = FormatChecker(["date", "uuid"])


def accepted_values(schema: dict[str, Any], random: Random) -> list[Json]:
    """The values for `x` that a schema's own validator accepts; none where a reference leads nowhere."""
    validator = validator_for(schema, default=Draft202012Validator)(schema, format_checker=FORMATS)
    try:
        return [value for value in islice(values(random, DEEPEST), TRIED) if validator.is_valid({"x": value})]
    except Unresolvable:
        return []


def acceptor(tools: Toolbox) -> Walker:
    """What accepts plans of one task."""
    return Walker.of(decoder_grammar(tools, tasks=1, largest=1 << 24), "lark")


def is_written(value: Json, walker: Walker) -> bool:
    """Whether a value can be written as the argument of `f`, with its keys in some order."""
    return any(walker.accepts(f"1. f({text})\njoin()") for text in islice(spellings(value), SPELLINGS))


def exception(value: Json, schema: dict[str, Any], walker: Walker) -> str | None:
    """The exception to which a value belongs that is not written, if there is one."""
    if depth(value) > DEEPEST:
        return "a value deeper than others may go"
    smaller: list[Json] = [value]
    for _ in range(6):
        smaller = [each for one in smaller for each in without_a_key(one)][:SPELLINGS]
        if any(is_written(each, walker) for each in smaller):
            return "a mapping with keys without a name"
    return (
        "a mapping that must have more keys" if '"minProperties"' in json.dumps(schema) and smaller != [value] else None
    )


def depth(value: Json) -> int:
    """How many lists and mappings are inside each other."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(depth, inside), default=0)


def test_what_a_validator_accepts_is_in_the_grammar() -> None:
    """Whatever the schema says; few values are exceptions."""
    tally: Counter[str] = Counter()
    missed: list[str] = []
    for seed, schema in enumerate(islice(wholes(), SCHEMAS)):
        accepted = accepted_values(schema, Random(seed))
        tools = Toolbox([Tool.from_schema("f", "", schema, "pure", print)])
        walker = acceptor(tools)
        tally += Counter({"schemas": 1, "schemas with a value": bool(accepted), "values": len(accepted)})
        for value in accepted:
            if not is_written(value, walker):
                why = exception(value, schema, walker)
                tally[why or "missed"] += 1
                missed += [f"{json.dumps(value)} of {json.dumps(schema)}"] if why is None else []
    print("", *(f"{count:7,} {what}" for what, count in tally.items()), sep="\n")  # noqa: T201 — shown by -s
    assert not missed, "\n".join(sorted(missed, key=len)[:3])
    assert tally["schemas with a value"] > SCHEMAS / 2
    assert sum(count for what, count in tally.items() if what.startswith("a ")) < 0.2 * tally["values"]


def certain(schema: Any) -> Any:  # noqa: ANN401 — a schema
    """A schema without the keywords that are left to the compiler."""
    if isinstance(schema, list):
        return [certain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {word.replace("oneOf", "anyOf"): certain(said) for word, said in schema.items() if word not in LEFT}


def mistakes(schema: dict[str, Any], random: Random) -> Iterator[Verdict]:
    """The walks through the grammar of a schema that do not compile."""
    tools = Toolbox([Tool.from_schema("f", "", schema, "pure", print)])
    walker = acceptor(tools)
    verdicts = (judge(walker.walk(random), tools) for _ in range(WALKS))
    return (verdict for verdict in verdicts if verdict.own)


def test_what_the_grammar_has_the_compiler_takes() -> None:
    """Always without the keywords that are left to the compiler, and mostly with them."""
    count = SCHEMAS // 3
    wrong = 0
    for seed, schema in enumerate(islice(wholes(), count)):
        assert [f"{each}\n{json.dumps(certain(schema))}" for each in mistakes(certain(schema), Random(seed))] == []
        wrong += len([*mistakes(schema, Random(seed))])
    print(f"\n{wrong:7,} of {count * WALKS:,} plans have a constant that is left to the compiler")  # noqa: T201 — by -s
    assert 0 < wrong < 0.3 * count * WALKS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"null"', '"nul"'),
        ("~1..2", "~2"),
    ],
)
def test_a_value_that_is_missing_is_seen(old: str, new: str) -> None:
    """The judge is not blind: a grammar without a value does not accept it."""
    schema = {"type": "object", "properties": {"x": {"type": ["null", "string"], "minLength": 1, "maxLength": 2}}}
    grammar = decoder_grammar(Toolbox([Tool.from_schema("f", "", schema, "pure", print)]), tasks=1)
    assert old in grammar
    whole_, broken = Walker.of(grammar, "lark"), Walker.of(grammar.replace(old, new), "lark")
    found = [value for value in accepted_values(schema, Random(0)) if is_written(value, whole_)]
    assert not all(is_written(value, broken) for value in found)
