"""Things are found by their resources, and none that does not overlap is looked at."""

from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.effects.effects import overlap
from llmc_runtime.cache.resource_index import ResourceIndex

NAMES = st.sampled_from(["a", "b", "A ", "./b", "{p}", "{q}", "..", "x{p}"])
RESOURCES = st.one_of(st.just("*"), st.lists(NAMES, min_size=1, max_size=3).map(":".join))


@given(st.lists(st.tuples(RESOURCES, st.booleans())), RESOURCES)
def test_what_overlaps_is_found(entries: list[tuple[str, bool]], resource: str) -> None:
    """All of it, once, and nothing else; nor what was taken out."""
    index: ResourceIndex[int] = ResourceIndex()
    for number, (where, _) in enumerate(entries):
        index.add(number, where)
    for number, (_, stays) in enumerate(entries):
        if not stays:
            index.discard(number)
            index.discard(number)
    expected = [number for number, (where, stays) in enumerate(entries) if stays and overlap(where, resource)]
    assert sorted(index.overlapping(resource)) == expected


@given(st.lists(RESOURCES, unique=True))
def test_nothing_is_left_of_what_was_taken_out(resources: list[str]) -> None:
    """A question may come by any number of resources."""
    index: ResourceIndex[str] = ResourceIndex()
    for resource in resources:
        index.add(resource, resource)
    for resource in resources:
        index.discard(resource)
    empty: ResourceIndex[str] = ResourceIndex()
    assert vars(index) == vars(empty)
