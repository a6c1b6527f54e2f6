"""Random types and values, and which value is of which type, said a second time and as simply as can be."""

from hypothesis import strategies as st

from llmc_compiler.expressions import types
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import Type

KEYS = ("a", "b", "c")
SCALARS: st.SearchStrategy[Json] = st.sampled_from([None, True, False, 0, 1, -2, 1.0, 2.5, "", "a", "b", "long " * 20])
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
BASIC: st.SearchStrategy[Type] = st.sampled_from(
    [types.ANY, types.NULL, types.BOOL, types.INT, types.FLOAT, types.STR, types.NEVER, types.words(["a", "b"])]
)


def _records(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    fields = st.builds(types.Field, st.sampled_from(KEYS), inner, st.booleans())
    known = st.lists(fields, max_size=3, unique_by=lambda found: found.name)
    return st.builds(types.record, known, st.none() | inner)


TYPES: st.SearchStrategy[Type] = st.recursive(
    BASIC,
    lambda inner: (
        st.builds(types.list_of, inner) | _records(inner) | st.builds(types.union, st.lists(inner, max_size=3))
    ),
    max_leaves=6,
)


def has(found: Type, value: Json) -> bool:
    """Whether a value is of a type."""
    match found:
        case types.Basic("any"):
            return True
        case types.Basic(name):
            kinds = {"null": type(None), "bool": bool, "int": int, "float": float, "str": str}
            return type(value) is kinds[name] or (name == "float" and type(value) is int)
        case types.WordsType(texts):
            return isinstance(value, str) and value in texts
        case types.ListOfType(item):
            return isinstance(value, list) and all(has(item, each) for each in value)
        case types.Union(inside):
            return any(has(option, value) for option in inside)
        case types.Record(fields, rest):
            if not isinstance(value, dict):
                return False
            known = {each.name: each for each in fields}
            others = (each for key, each in value.items() if key not in known)
            return all(
                has(each.type, value[name]) if name in value else not each.required for name, each in known.items()
            ) and all(rest is not None and has(rest, each) for each in others)
