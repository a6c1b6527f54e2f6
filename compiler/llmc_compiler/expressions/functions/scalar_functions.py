"""The table of standard functions on numbers and texts."""

from typing import Final

from llmc_compiler.expressions import types
from llmc_compiler.expressions.functions import formats, numbers, ordering, result_types, texts
from llmc_compiler.expressions.functions.standard_function import FunctionParameter, StandardFunction
from llmc_compiler.expressions.types import ANY, BOOL, FLOAT, INT, NULL, STR

_TEXT: Final = FunctionParameter("s", STR)
_LIST: Final = FunctionParameter("xs", types.list_of(ANY))
_BY: Final = FunctionParameter("by", types.union((STR, NULL)), required=False)
_NUMBER_OR_TEXT: Final = types.union((FLOAT, STR))
_TEXTS: Final = types.list_of(STR)

NUMBERS: Final = (
    StandardFunction(
        name="abs",
        parameters=(FunctionParameter("x", FLOAT),),
        description="The number without its sign.",
        example=("abs(-3)", "3"),
        compute=numbers.absolute,
        gives=result_types.numeric,
    ),
    StandardFunction(
        name="round",
        parameters=(FunctionParameter("x", FLOAT), FunctionParameter("digits", INT, required=False, default=0)),
        description="The number rounded to digits behind the point, halves to the even neighbour; an integer for 0.",
        example=("round(2.675, 1)", "2.7"),
        compute=numbers.rounded,
        gives=result_types.rounded,
    ),
    StandardFunction(
        name="min",
        parameters=(_LIST, _BY, FunctionParameter("default", ANY, required=False, has_default=False)),
        description="The smallest element, compared by a part of each if `by` names one; `default` for an empty list.",
        example=("min([3, 1, 2])", "1"),
        compute=ordering.smallest,
        gives=result_types.extreme,
        picks=True,
    ),
    StandardFunction(
        name="max",
        parameters=(_LIST, _BY, FunctionParameter("default", ANY, required=False, has_default=False)),
        description="The largest element, compared by a part of each if `by` names one; `default` for an empty list.",
        example=('max([{"t": 20.5}, {"t": 31}], by="t")', '{"t":31}'),
        compute=ordering.largest,
        gives=result_types.extreme,
        picks=True,
    ),
    StandardFunction(
        name="sum",
        parameters=(_LIST,),
        description="The sum of the numbers: exact for integers, else rounded once.",
        example=("sum([0.1, 0.2, 0.3])", "0.6"),
        compute=numbers.total,
        gives=result_types.total,
    ),
    StandardFunction(
        name="mean",
        parameters=(_LIST,),
        description="The sum of the numbers divided by how many they are.",
        example=("mean([1, 2])", "1.5"),
        compute=numbers.mean,
        gives=result_types.mean,
    ),
    StandardFunction(
        name="int",
        parameters=(FunctionParameter("x", _NUMBER_OR_TEXT),),
        description="The number without its fraction, or the integer that the whole text writes.",
        example=('int("12")', "12"),
        compute=numbers.integer,
        gives=result_types.always(INT),
    ),
    StandardFunction(
        name="float",
        parameters=(FunctionParameter("x", _NUMBER_OR_TEXT),),
        description="The number with a fraction, or the number that the whole text writes.",
        example=('float("1.5")', "1.5"),
        compute=numbers.decimal,
        gives=result_types.always(FLOAT),
    ),
)

TEXTS: Final = (
    StandardFunction(
        name="str",
        parameters=(FunctionParameter("x", ANY),),
        description="The text as it is, any other value as compact JSON.",
        example=('str([1, "a"])', '"[1,\\"a\\"]"'),
        compute=texts.as_text,
        gives=result_types.as_text,
    ),
    StandardFunction(
        name="lower",
        parameters=(_TEXT,),
        description="The text in small letters.",
        example=('lower("New York")', '"new york"'),
        compute=texts.recased("lower", str.lower),
        gives=result_types.always(STR),
    ),
    StandardFunction(
        name="upper",
        parameters=(_TEXT,),
        description="The text in capital letters.",
        example=('upper("usd")', '"USD"'),
        compute=texts.recased("upper", str.upper),
        gives=result_types.always(STR),
    ),
    StandardFunction(
        name="title",
        parameters=(_TEXT,),
        description="The text with a capital letter at the beginning of each word.",
        example=('title("new york")', '"New York"'),
        compute=texts.recased("title", str.title),
        gives=result_types.always(STR),
    ),
    StandardFunction(
        name="strip",
        parameters=(_TEXT, FunctionParameter("chars", types.union((STR, NULL)), required=False)),
        description="The text without blanks at both ends, or without the characters in `chars`.",
        example=('strip(" a ")', '"a"'),
        compute=texts.stripped,
        gives=result_types.always(STR),
    ),
    StandardFunction(
        name="split",
        parameters=(_TEXT, _BY),
        description="The parts of the text between each `by`, or between blanks.",
        example=('split("a, b", by=", ")', '["a","b"]'),
        compute=texts.split,
        gives=result_types.always(_TEXTS),
        builds_contents=True,
    ),
    StandardFunction(
        name="join_text",
        parameters=(_LIST, FunctionParameter("by", STR, required=False, default="")),
        description="The elements as one text, with `by` between them; elements that are not texts as compact JSON.",
        example=('join_text(["a", 1], by=", ")', '"a, 1"'),
        compute=texts.joined,
        gives=result_types.always(STR),
    ),
    StandardFunction(
        name="replace",
        parameters=(_TEXT, FunctionParameter("old", STR), FunctionParameter("new", STR)),
        description="The text with each `old` replaced by `new`.",
        example=('replace("1 000", " ", "")', '"1000"'),
        compute=texts.replaced,
        gives=result_types.always(STR),
    ),
    StandardFunction(
        name="starts_with",
        parameters=(_TEXT, FunctionParameter("start", STR)),
        description="Whether the text begins with `start`.",
        example=('starts_with("llmc", "ll")', "true"),
        compute=texts.starts_with,
        gives=result_types.always(BOOL),
        reveals=True,
    ),
    StandardFunction(
        name="ends_with",
        parameters=(_TEXT, FunctionParameter("end", STR)),
        description="Whether the text ends with `end`.",
        example=('ends_with("plan.llmc", ".py")', "false"),
        compute=texts.ends_with,
        gives=result_types.always(BOOL),
        reveals=True,
    ),
    StandardFunction(
        name="lines",
        parameters=(_TEXT,),
        description="The lines of the text, without their ends.",
        example=('lines("a\\nb\\n")', '["a","b"]'),
        compute=texts.lines,
        gives=result_types.always(_TEXTS),
        builds_contents=True,
    ),
    StandardFunction(
        name="format",
        parameters=(FunctionParameter("x", _NUMBER_OR_TEXT), FunctionParameter("f", STR)),
        description="The number or text in a format, as `${x:,.2f}` writes it.",
        example=('format(1234.5, ",.2f")', '"1,234.50"'),
        compute=formats.formatted,
        gives=result_types.formatted,
    ),
)
