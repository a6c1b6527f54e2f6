"""Standard functions under the names that they have in other languages and libraries, for suggestions."""

from typing import Final

from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_grammar.safety import is_slip

NAMES: Final = {
    "abs": "absolute fabs magnitude",
    "round": "rounded round_to round_number to_fixed",
    "min": "minimum smallest lowest least",
    "max": "maximum largest highest biggest greatest",
    "sum": "total total_of sum_of sum_all sum_list add_all fsum math.fsum",
    "mean": "average avg statistics.mean np.mean numpy.mean",
    "int": "integer to_int to_integer as_int parse_int",
    "float": "number to_float to_number as_float parse_float",
    "str": "string text to_str to_string to_text as_str as_text",
    "lower": "lowercase lower_case to_lower to_lowercase downcase lcase",
    "upper": "uppercase upper_case to_upper to_uppercase upcase ucase",
    "title": "title_case capitalize capitalise",
    "strip": "trim strip_text",
    "split": "split_text explode",
    "join_text": "join_texts join_strings join_string join_list join_lines string_join str_join implode",
    "replace": "replace_text replace_all substitute gsub",
    "starts_with": "startswith begins_with has_prefix",
    "ends_with": "endswith has_suffix",
    "lines": "splitlines split_lines",
    "format": "format_number number_format",
    "len": "length size count count_items strlen",
    "sorted": "sort sort_by sort_list order_by",
    "reversed": "reverse reverse_list",
    "unique": "uniq distinct dedup dedupe deduplicate set",
    "flatten": "flat flatten_list flat_list",
    "range": "sequence arange",
    "zip": "zip2 zip_lists",
    "enumerate": "with_index",
    "any": "any_of some",
    "all": "all_of every",
    "present": "compact not_null non_null drop_nulls remove_nulls",
    "get": "get_or get_or_default get_key get_value",
    "keys": "get_keys object.keys",
    "values": "get_values object.values",
    "items": "entries object.entries",
    "merge": "merge_dicts merge_all object.assign",
    "pairs": "dict to_dict from_entries from_pairs object.from_entries",
    "parse_json": "json_parse from_json json_loads json_decode json.loads json.parse",
    "to_json": "json_dumps json_stringify json_encode stringify json.dumps json.stringify",
    "kind": "type typeof type_of isinstance",
}
"""Other names of each standard function."""

_BY_NAME: Final = {name.replace("_", ""): known for known, names in NAMES.items() for name in (known, *names.split())}


def similar_function(name: str) -> str | None:
    """Return the standard function that has this name elsewhere, such as `len` for `length`, or a misspelt name."""
    known = _BY_NAME.get(name.replace("_", "").casefold())
    near = (other for other in FUNCTIONS if is_slip(name, other))
    return known if known is not None else next(near, None)
