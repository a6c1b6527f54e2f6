"""The table of standard functions, by name and in the order of the language's description."""

from collections.abc import Mapping
from typing import Final

from llmc_compiler.expressions import types
from llmc_compiler.expressions.functions import lists, mappings, ordering, result_types
from llmc_compiler.expressions.functions.scalar_functions import NUMBERS, TEXTS
from llmc_compiler.expressions.functions.standard_function import FunctionParameter, StandardFunction, kind_name
from llmc_compiler.expressions.types import ANY, BOOL, INT, NULL, STR

_LIST: Final = FunctionParameter("xs", types.list_of(ANY))
_MAPPING: Final = FunctionParameter("d", types.map_of(ANY))
_INTEGER_OR_NULL: Final = types.union((INT, NULL))

_LISTS: Final = (
    StandardFunction(
        name="len",
        parameters=(FunctionParameter("x", types.union((STR, types.list_of(ANY), types.map_of(ANY)))),),
        description="The number of characters, elements or entries.",
        example=('len(["a", "b"])', "2"),
        compute=lists.length,
        gives=result_types.always(INT),
        reveals=True,
    ),
    StandardFunction(
        name="sorted",
        parameters=(
            _LIST,
            FunctionParameter("by", types.union((STR, NULL)), required=False),
            FunctionParameter("reverse", BOOL, required=False, default=False),
        ),
        description="The elements in order, numbers or texts, compared by a part of each if `by` names one.",
        example=('sorted([{"a": {"b": 2}}, {"a": {"b": 1}}], by="a.b")', '[{"a":{"b":1}},{"a":{"b":2}}]'),
        compute=ordering.ordered,
        gives=result_types.ordered,
    ),
    StandardFunction(
        name="reversed",
        parameters=(_LIST,),
        description="The elements from last to first.",
        example=("reversed([1, 2])", "[2,1]"),
        compute=lists.reverse,
        gives=result_types.same_list,
    ),
    StandardFunction(
        name="unique",
        parameters=(_LIST,),
        description="The elements without repetitions, each where it is first.",
        example=("unique([2, 1, 2.0])", "[2,1]"),
        compute=lists.unique,
        gives=result_types.same_list,
    ),
    StandardFunction(
        name="flatten",
        parameters=(_LIST,),
        description="The elements of the lists in a list, one level deep.",
        example=("flatten([[1], [2, 3]])", "[1,2,3]"),
        compute=lists.flattened,
        gives=result_types.flattened,
    ),
    StandardFunction(
        name="range",
        parameters=(
            FunctionParameter("a", INT),
            FunctionParameter("b", _INTEGER_OR_NULL, required=False),
            FunctionParameter("step", INT, required=False, default=1),
        ),
        description="The integers from `a` to before `b`, or from 0 to before `a`.",
        example=("range(1, 4)", "[1,2,3]"),
        compute=lists.counted,
        gives=result_types.always(types.list_of(INT)),
        builds_contents=True,
    ),
    StandardFunction(
        name="zip",
        parameters=(
            _LIST,
            FunctionParameter("ys", types.list_of(ANY)),
            FunctionParameter("more", types.list_of(ANY), required=False, many=True),
        ),
        description="Lists of the elements at the same index, as many as the shortest list has.",
        example=('zip(["a", "b"], [1, 2])', '[["a",1],["b",2]]'),
        compute=lists.zipped,
        gives=result_types.zipped,
    ),
    StandardFunction(
        name="enumerate",
        parameters=(_LIST, FunctionParameter("start", INT, required=False, default=0)),
        description="A list of a number and the element for each element, counted from `start`.",
        example=('enumerate(["a", "b"], start=1)', '[[1,"a"],[2,"b"]]'),
        compute=lists.enumerated,
        gives=result_types.enumerated,
    ),
    StandardFunction(
        name="any",
        parameters=(_LIST,),
        description="Whether at least one element is true, as a condition reads it.",
        example=('any([0, "a"])', "true"),
        compute=lists.any_true,
        gives=result_types.always(BOOL),
        reveals=True,
    ),
    StandardFunction(
        name="all",
        parameters=(_LIST,),
        description="Whether every element is true, as a condition reads it.",
        example=('all([0, "a"])', "false"),
        compute=lists.all_true,
        gives=result_types.always(BOOL),
        reveals=True,
    ),
    StandardFunction(
        name="present",
        parameters=(_LIST,),
        description="The elements that are not null.",
        example=("present([1, null, 0])", "[1,0]"),
        compute=lists.present,
        gives=result_types.present,
    ),
)

_MAPPINGS: Final = (
    StandardFunction(
        name="get",
        parameters=(
            FunctionParameter("d", types.union((types.map_of(ANY), types.list_of(ANY)))),
            FunctionParameter("key", types.union((STR, INT))),
            FunctionParameter("default", ANY, required=False),
        ),
        description="The value of a key, or the element at an index; `default` if it is missing.",
        example=('get({"a": 1}, "b", 0)', "0"),
        compute=mappings.get,
        gives=result_types.got,
        picks=True,
    ),
    StandardFunction(
        name="keys",
        parameters=(_MAPPING,),
        description="The keys.",
        example=('keys({"a": 1, "b": 2})', '["a","b"]'),
        compute=mappings.keys,
        gives=result_types.keys,
    ),
    StandardFunction(
        name="values",
        parameters=(_MAPPING,),
        description="The values.",
        example=('values({"a": 1, "b": 2})', "[1,2]"),
        compute=mappings.values,
        gives=result_types.values,
    ),
    StandardFunction(
        name="items",
        parameters=(_MAPPING,),
        description="A list of the key and the value for each entry.",
        example=('items({"a": 1})', '[["a",1]]'),
        compute=mappings.items,
        gives=result_types.items,
    ),
    StandardFunction(
        name="merge",
        parameters=(
            FunctionParameter("a", types.map_of(ANY)),
            FunctionParameter("b", types.map_of(ANY)),
            FunctionParameter("more", types.map_of(ANY), required=False, many=True),
        ),
        description="The entries of all mappings; of equal keys the last value counts.",
        example=('merge({"a": 1}, {"a": 2, "b": 3})', '{"a":2,"b":3}'),
        compute=mappings.merged,
        gives=result_types.merged,
    ),
    StandardFunction(
        name="pairs",
        parameters=(_LIST,),
        description="The mapping of lists of a key and a value; of equal keys the last value counts.",
        example=('pairs([["a", 1]])', '{"a":1}'),
        compute=mappings.pairs,
        gives=result_types.paired,
    ),
)

_JSON: Final = (
    StandardFunction(
        name="parse_json",
        parameters=(FunctionParameter("s", STR),),
        description="The value that a JSON text writes; of equal keys the last value counts.",
        example=("parse_json('{\"a\": [1]}')", '{"a":[1]}'),
        compute=mappings.parse_json,
        gives=result_types.always(ANY),
        builds_contents=True,
    ),
    StandardFunction(
        name="to_json",
        parameters=(FunctionParameter("x", ANY), FunctionParameter("indent", _INTEGER_OR_NULL, required=False)),
        description="The value as JSON text, compact or with indented lines; a text gets quotes.",
        example=('to_json("a")', '"\\"a\\""'),
        compute=mappings.to_json,
        gives=result_types.always(STR),
    ),
    StandardFunction(
        name="kind",
        parameters=(FunctionParameter("x", ANY),),
        description="The kind of the value: `null`, `bool`, `int`, `float`, `str`, `list` or `dict`.",
        example=("kind(1.5)", '"float"'),
        compute=kind_name,
        gives=result_types.kind,
        reveals=True,
    ),
)

FUNCTIONS: Final[Mapping[str, StandardFunction]] = {
    each.name: each for each in (*NUMBERS, *TEXTS, *_LISTS, *_MAPPINGS, *_JSON)
}
"""The standard functions by name."""


def names_line() -> str:
    """Return the names of all functions in one line."""
    return " ".join(FUNCTIONS)
