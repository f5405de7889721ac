"""Events in any order, any number of times, in any envelope, tell of the same versions of the same files."""

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.formats.events import shapes

from tidegate.formats.events.landed import Landed
from tidegate.formats.events.parse import parse_event

KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda key: not key.endswith("/")
)
OBJECTS = st.builds(
    Landed,
    st.just("landing"),
    KEYS,
    st.integers(0, 2**40),
    st.text("0123456789abcdef", min_size=1, max_size=8),
    st.none() | st.just("v1"),
    st.text("0123456789ABCDEF", min_size=1, max_size=18),
)
TOLD = st.lists(st.tuples(st.sampled_from(sorted(shapes.ENVELOPES)), st.integers(0, 4)), max_size=20)


@given(st.lists(OBJECTS, min_size=5, max_size=5), TOLD, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(
    objects: list[Landed], told: list[tuple[str, int]], shuffle: object
) -> None:
    everything = [("s3", number) for number in range(len(objects))] + told
    shuffle.shuffle(everything)  # type: ignore[attr-defined]
    seen = {
        (landed.file.uri, landed.file.identity, landed.file.sequencer)
        for shape, number in everything
        for landed in parse_event(shapes.ENVELOPES[shape](objects[number])).landed
        if landed.file
    }
    assert seen == {(one.file.uri, one.file.identity, one.file.sequencer) for one in objects if one.file}
