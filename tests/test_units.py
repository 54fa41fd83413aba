import pytest

from ddpm_studio.units import in_bytes, spelt


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (245, "4 min 05 s"),
        (3600, "1 h 00 min"),
        (12_059, "3 h 20 min"),
    ],
)
def test_a_time_is_told_in_two_units_at_most(seconds, told):
    assert spelt(seconds) == told


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 MiB"), (2**20, "1 MiB"), (2**30 - 1, "1024 MiB"), (2**30, "1.0 GiB")]
)
def test_a_size_is_told_in_mebibytes_up_to_a_gibibyte(count, told):
    assert in_bytes(count) == told
