"""JSON that is a plan, the spellings of its references and dependencies, and JSON that only looks like a plan."""

import json
from typing import Final

from tests.grammar.dialects.plans import Json

PLAN: Final = (
    '{"tasks": [{"id": "t1", "tool": "price", "args": {"item": "tea"}, "depends_on": []},'
    ' {"id": "t2", "tool": "search", "args": {"query": "It costs $t1"}, "depends_on": ["t1"]}]}'
)
MEANT: Final = ['1. price(item="tea")', '2. search(query="It costs $1")']


SPELLINGS: Final[dict[str, tuple[Json, str]]] = {
    "a path": ("$t1.name", '"$1.name"'),
    "a path in a text": ("so ${t1.name}", '"so ${1.name}"'),
    "a path of an object": ({"ref": "t1", "path": ["rows", 0]}, '"$1.rows[0]"'),
    "a field of an object": ({"$ref": "t1", "field": "name"}, '"$1.name"'),
    "the output of a task": ({"output_of": "t1"}, '"$1"'),
    "a number for an id": ("$1", '"$1"'),
    "GENERATED": ("<GENERATED>-1", '"$1"'),
    "single braces": ("{t1}", '"$1"'),
    "single braces in a text": ("so {t1}, {x}", '"so ${1}, {x}"'),
    "angle brackets": ("<t1.output>", '"$1"'),
    "round brackets": ("$(t1)", '"$1"'),
    "an at sign": ("@t1", '"$1"'),
    "from": ({"from": "t1"}, '"$1"'),
    "a type": ({"type": "ref", "id": "t1"}, '"$1"'),
    "a task and a field": ({"task": "t1", "field": "name"}, '"$1.name"'),
    "a pointer": ({"$ref": "#/tasks/t1/output"}, '"$1"'),
    "a pointer by place": ({"$ref": "#/tasks/0/name"}, '"$1.name"'),
    "a path from the root": ({"ref": "t1", "path": "$.rows[0]"}, '"$1.rows[0]"'),
    "a path with slashes": ({"ref": "t1", "path": "/rows/0"}, '"$1.rows[0]"'),
    "a dash behind": ("$t1-x", '"$1-x"'),
    "inside a list": (["$t1", {"k": "{{t1}}"}], '["$1", {"k": "$1"}]'),
    "braces before a digit": ("${t1}.5", '"${1}.5"'),
    "glued": ("$t1st", '"$t1st"'),
    "an unknown id": ("$t9 and {{t9}}", '"$t9 and {{t9}}"'),
    "an unknown object": ({"ref": "t9"}, '{"ref": "t9"}'),
    "a number that no task has": ("$9", '"$9"'),
    "money": ("$1.50 for $t1", '"$1.50 for $1"'),
    "two dollars": ("$$t1", '"$$t1"'),
    "a file": ("t1.txt", '"t1.txt"'),
    "an id alone": ("t1", '"t1"'),
    "a hash": ("#1", '"#1"'),
    "an issue": ("issue #1", '"issue #1"'),
    "a word": ({"from": "Rome"}, '{"from": "Rome"}'),
    "a number by a weak key": ({"step": 1}, '{"step": 1}'),
    "another type": ({"type": "city", "id": "t1"}, '{"type": "city", "id": "t1"}'),
    "braces of a template": ("{name} <b>", '"{name} <b>"'),
    "an object with more": ({"ref": "t1", "note": "x"}, '{"ref": "t1", "note": "x"}'),
}

PLANS: Final[dict[str, tuple[Json, list[str]]]] = {
    "HuggingGPT": (
        [{"task": "price", "id": 0, "dep": [-1], "args": {"item": "tea"}},
         {"task": "search", "id": 1, "dep": [0], "args": {"query": "It costs <GENERATED>-0"}}],
        ['1. price(item="tea")', '2. search(query="It costs ${1}")'],
    ),
    "TaskBench": (
        {"task_steps": ["a", "b"], "task_nodes": [{"task": "price", "arguments": ["tea"]},
         {"task": "search", "arguments": ["<node-0>"]}], "task_links": [{"source": "price", "target": "search"}]},
        ['1. price("tea")', '2. search("$1")'],
    ),
    "NESTFUL": (
        [{"name": "price", "label": "$var_1", "arguments": {"item": "tea"}},
         {"name": "search", "label": "$var_2", "arguments": {"query": "$var_1.result$"}}],
        ['1. price(item="tea")', '2. search(query="$1")'],
    ),
    "without ids": (
        {"steps": [{"tool": "price", "args": {"item": "tea"}}, {"tool": "search", "args": {"query": "$1"}}]},
        ['1. price(item="tea")', '2. search(query="$1")'],
    ),
    "ids as keys": (
        {"tasks": {"a": {"tool": "price", "args": {"item": "tea"}}, "b": {"tool": "search", "args": {"query": "$a"}}}},
        ['1. price(item="tea")', '2. search(query="$1")'],
    ),
    "names of outputs": (
        {"steps": [{"tool": "price", "args": {"item": "tea"}, "output": "cost"},
                   {"tool": "search", "args": {"query": "${cost}"}}]},
        ['1. price(item="tea")', '2. search(query="$1")'],
    ),
    "a plan in a plan": (
        {"goal": "g", "plan": {"steps": [{"step": 1, "tool": "price", "tool_input": "tea"}]}}, ['1. price(item="tea")'],
    ),
    "ids as keys of the whole": (
        {"a": {"tool": "price", "args": {"item": "tea"}}, "b": {"tool": "search", "args": {"query": "$a"}}},
        ['1. price(item="tea")', '2. search(query="$1")'],
    ),
    "remarks": (
        {"metadata": {"by": "x"}, "tasks": [{"id": "a", "tool": "price", "args": {"item": "tea"}, "parallel": True}]},
        ['1. price(item="tea")'],
    ),
    "a result by its id": (
        {"tasks": [{"id": "a", "tool": "price", "args": {"item": "tea"}}], "result": "a"},
        ['1. price(item="tea")', 'join("$1")'],
    ),
    "a title for a name": (
        {"tasks": [{"id": 1, "name": "Ask", "description": "d", "tool": "price", "args": {"item": "tea"}}]},
        ['1. price(item="tea")'],
    ),
    "a step that is a text": (
        {"steps": [{"id": 1, "step": "Ask", "tool": "price", "args": {"item": "tea"}}]}, ['1. price(item="tea")'],
    ),
    "a function": (
        {"steps": [{"id": 1, "function": {"name": "price", "arguments": '{"item": "tea"}'}}]}, ['1. price(item="tea")'],
    ),
    "an answer": (
        {"tasks": [{"id": "a", "tool": "price", "args": {"item": "tea"}}], "answer": "It costs {{a}}"},
        ['1. price(item="tea")', 'join("It costs ${1}")'],
    ),
    "an answer that is made up": (
        {"tasks": [{"id": "a", "tool": "price", "args": {"item": "tea"}}], "answer": "3"}, ['1. price(item="tea")'],
    ),
    "a join": (
        [{"id": 2, "tool": "join", "args": {"value": "$1"}, "depends_on": [1]},
         {"id": 1, "tool": "price", "args": {"item": "tea"}, "depends_on": []}],
        ['1. price(item="tea")', 'join("$1")'],
    ),
    "misspelt": ({"tasks": [{"id": 1, "tool": "prise", "args": {"a": 1}}]}, ["1. prise(a=1)"]),
}  # fmt: skip

ORDERS: Final[dict[str, tuple[Json, list[list[str]]]]] = {
    "a reference expresses it": (["t1"], [[], []]),
    "one id": ("t1", [[], ["W132"]]),
    "a number": (1, [[], ["W132"]]),
    "in words": ("step 1", [[], ["W132"]]),
    "an object": ([{"task": "t1"}], [[], ["W132"]]),
    "none": (None, [[], []]),
    "an empty list": ([], [[], []]),
    "minus one": ([-1], [[], []]),
    "the word": ("none", [[], []]),
    "an unknown id": (["t9"], [[], ["E126"]]),
    "itself": (["t2"], [[], ["E126"]]),
}

TWINS: Final[dict[str, str]] = {
    "a list of things to do": '{"tasks": [{"id": 1, "name": "Write the report", "depends_on": []}]}',
    "things to do with a tool's name": '{"steps": [{"action": "Buy milk"}, {"action": "price"}]}',
    "steps in words": '{"steps": ["price", "search"]}',
    "a list of tools": '{"tasks": [{"id": 1, "tool": "hammer"}]}',
    "an owner": '{"tasks": [{"id": 1, "tool": "price", "args": {}, "owner": "Ann"}]}',
    "results": '{"tasks": [{"id": 1, "tool": "price", "args": {"item": "tea"}, "result": 3}]}',
    "a report": '{"tasks": [{"id": 1, "tool": "price", "args": {"item": "tea"}}], "result": "3 euros"}',
    "a condition": '{"tasks": [{"id": 1, "tool": "price", "args": {"item": "tea"}, "condition": "if open"}]}',
    "tables": '{"price": {"name": "tea", "input": {"a": 1}}, "search": {"name": "price", "input": {"a": 1}}}',
    "no tasks": '{"tasks": []}',
    "two lists": '{"tasks": [{"tool": "price", "args": {"item": "tea"}}], "users": []}',
    "a plan inside data": json.dumps({"example": json.loads(PLAN)}),
    "prose above": f"My plan is\n{PLAN}",
    "prose below": f"{PLAN}\nThat is it.",
    "prose around a fence": f"So:\n```json\n{PLAN}\n```",
    "a plan in a string": json.dumps({"plan": PLAN}),
    "a number": "3",
    "an action": "Action: price\nAction Input: tea",
    "definitions": '{"tasks": [{"name": "price", "parameters": {"type": "object", "properties": {}}}]}',
}
