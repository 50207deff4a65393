"""Whatever is done to a whole input, its reader returns what may be, or refuses it by name."""

import pytest
from corpus import READERS
from corpus.kinds import MARKER, check, in_child
from corpus.mutations import mutated
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TIMES = {"notebook": (2, 40)}  # nbval takes seconds
ISOLATED, USUAL = (40, 800), (150, 3000)  # in make test, in make torture


@pytest.mark.torture
@pytest.mark.parametrize("name", sorted(READERS))
def test_any_damage_is_refused_by_name_or_harmless(name, tmp_path, torture, withstood):
    reader, tried = READERS[name], 0
    reader.put(tmp_path)
    whole = reader.read(tmp_path)
    files = st.sampled_from(reader.fuzzed or sorted(reader.whole))
    damaged = files.flatmap(lambda file: st.tuples(st.just(file), mutated(file, reader.whole[file])))
    times = torture(*TIMES.get(name, ISOLATED if reader.isolated else USUAL))

    @settings(max_examples=times, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(damaged)
    def withstands(change):
        nonlocal tried
        tried += 1
        reader.put(tmp_path, dict([change]))
        if reader.isolated:
            outcome = in_child(lambda: check(reader, tmp_path, whole))
            assert not outcome.error, outcome
        else:
            check(reader, tmp_path, whole)

    withstands()
    assert tried >= times
    assert not MARKER.exists()
    withstood("fuzzed input", name, tried)
