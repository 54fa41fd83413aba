"""What the lint finds, what it leaves alone, and that its fixes are fixes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ddpm_studio.errors import UserError
from ddpm_studio.lint import BITS_NOTICED, Finding, Severity, lint, prior_bits, still_stretch
from ddpm_studio.sampler import Spacing, timesteps
from ddpm_studio.schedule import (
    SCHEDULES,
    Constant,
    Cosine,
    Drawn,
    Jsd,
    Linear,
    Quadratic,
    ScaledLinear,
    Sigmoid,
    Space,
)
from ddpm_studio.table import SMALLEST_BETA, falling, lint_alpha_bar


def found(findings, part) -> Finding:
    """The one finding whose text contains `part`."""
    (finding,) = [f for f in findings if part in f.text]
    return finding


def about(findings) -> set[str]:
    """What the findings are about, by a word each rule alone uses."""
    words = ["pure noise:", "suit about 1000", "divides by 0", "first reverse step", "next to nothing", "starts at t"]
    return {word for word in words for f in findings if word in f.text}


@pytest.mark.parametrize(("second_moment", "bits"), [(0.25, 7.279e-6), (1.0, 2.911e-5)])
def test_l_t_of_linear_has_the_reference_values(second_moment, bits):
    assert prior_bits(Linear(), second_moment) == pytest.approx(bits, rel=2e-4)


@given(st.floats(0.0, 1.0), st.integers(1, 50))
def test_l_t_is_the_kl_divergence_averaged_over_the_data(x0, t):
    """Against the divergence by quadrature, for data at ±x_0 (the two have the same divergence)."""
    schedule = Linear(T=50)
    mean, variance = schedule.sqrt_alpha_bar[t] * x0, schedule.one_minus_alpha_bar[t]
    x = np.linspace(mean - 12 * variance**0.5, mean + 12 * variance**0.5, 4001)
    log_q = -0.5 * (x - mean) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)
    log_p = -0.5 * x**2 - 0.5 * np.log(2 * np.pi)
    nats = (np.exp(log_q) * (log_q - log_p)).sum() * (x[1] - x[0])
    assert prior_bits(schedule, x0**2, t) == pytest.approx(nats / np.log(2), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("second_moment", [0.25, 1.0])
@pytest.mark.parametrize("schedule", [Linear(), Linear(T=21, scaled=True), Quadratic(), Sigmoid(), Jsd()])
def test_a_sound_schedule_has_no_findings(schedule, second_moment):
    assert lint(schedule, second_moment) == ()


@pytest.mark.parametrize("kind", [k for k in SCHEDULES if k != "scaled-linear"])
def test_the_default_of_every_kind_has_notes_at_most(kind):
    assert {f.severity for f in lint(SCHEDULES[kind]())} <= {Severity.NOTE}


def test_latent_diffusion_leaves_some_of_the_picture_in_x_t():
    finding = found(lint(ScaledLinear()), "pure noise")
    assert finding.severity is Severity.WARNING
    assert "ᾱ_T = 0.00466" in finding.text
    assert "L_T = 0.0034 bits/dim" in finding.text
    assert finding.fix is not None
    assert finding.fix.schedule == ScaledLinear(zero_terminal_snr=True)


def test_l_t_is_weighed_by_the_data_at_hand():
    assert lint(ScaledLinear(), second_moment=0.25) == ()


def test_zero_terminal_snr_is_no_fix_for_a_network_that_predicts_eps():
    finding = found(lint(ScaledLinear(), predicts_eps=True), "pure noise")
    assert finding.fix is not None
    assert finding.fix.schedule == Cosine()


@pytest.mark.parametrize("T", [21, 50, 100, 250, 500])
@pytest.mark.parametrize("kind", [Linear, Sigmoid])
def test_betas_kept_at_fewer_steps_are_told_and_scaled(kind, T):
    finding = found(lint(kind(T=T)), "suit about 1000 steps")
    assert finding.severity is Severity.WARNING
    assert f"T = {T}" in finding.text
    assert finding.fix is not None
    assert finding.fix.schedule == kind(T=T, scaled=True)


@pytest.mark.parametrize("T", [2, 10, 19])
def test_where_scaling_is_impossible_the_fix_for_kept_betas_is_more_steps(T):
    finding = found(lint(Linear(T=T)), "suit about 1000 steps")
    assert finding.fix is not None
    assert finding.fix.schedule == Linear(T=1000)


def test_betas_kept_at_many_more_steps_idle_for_most_of_the_chain():
    findings = lint(Linear(T=4000))
    assert about(findings) == {"suit about 1000", "next to nothing"}
    assert found(findings, "suit about 1000").fix.schedule == Linear(T=4000, scaled=True)


def test_own_betas_that_end_in_noise_are_not_called_kept():
    assert lint(Linear(T=100, beta_end=0.2)) == ()


@pytest.mark.parametrize("schedule", [Jsd(), Linear(zero_terminal_snr=True), Linear(T=20, scaled=True)])
def test_zero_terminal_snr_divides_by_0_only_if_the_network_predicts_eps(schedule):
    assert "divides by 0" not in about(lint(schedule))
    finding = found(lint(schedule, predicts_eps=True), "divides by 0")
    assert finding.severity is Severity.ERROR
    assert finding.fix is not None
    assert finding.fix.schedule.alpha_bar[-1] > 0.0


def test_a_sampler_that_starts_below_t_does_not_divide_by_0():
    times = timesteps(1000, 50, Spacing.LEADING)
    assert "divides by 0" not in about(lint(Jsd(), times=times, predicts_eps=True))


@pytest.mark.parametrize(("predicts_eps", "severity"), [(False, Severity.NOTE), (True, Severity.WARNING)])
def test_the_gain_of_cosines_first_step_is_told(predicts_eps, severity):
    finding = found(lint(Cosine(), predicts_eps=predicts_eps), "first reverse step")
    assert finding.severity is severity
    assert "1/√α_1000 = 31.6" in finding.text
    assert finding.fix is not None
    assert finding.fix.schedule == Cosine(max_beta=0.98)


def test_the_gain_is_that_of_the_sampler_s_first_step():
    times = timesteps(1000, 2, Spacing.TRAILING)
    finding = found(lint(Linear(), times=times), "first reverse step")
    assert "from t = 1000 to 500" in finding.text
    assert f"{(0.078587243 / 4.035829765e-5) ** 0.5:.3g}" in finding.text


def test_an_idle_stretch_is_told_with_its_ends():
    finding = found(lint(Constant()), "next to nothing")
    assert "between t = 458 and 1000, 54% of all steps" in finding.text
    assert finding.severity is Severity.NOTE


@pytest.mark.parametrize("schedule", [Linear(), Cosine(), Jsd(T=50), Constant(T=7), Quadratic(T=4000)])
def test_the_longest_still_stretch_is_that_of_a_search_over_all_pairs(schedule):
    start, end = still_stretch(schedule)
    ab = schedule.alpha_bar[:: max(1, schedule.T // 200)]
    longest = max(j - i for i in range(len(ab)) for j in range(i, len(ab)) if ab[i] - ab[j] < 0.01)
    assert schedule.alpha_bar[start] - schedule.alpha_bar[end] < 0.01
    assert end - start >= longest * max(1, schedule.T // 200)
    assert end - start < (longest + 2) * max(1, schedule.T // 200)


@pytest.mark.parametrize(
    ("schedule", "severity"), [(Linear(), Severity.NOTE), (ScaledLinear(), Severity.WARNING), (Jsd(), Severity.WARNING)]
)
def test_spacing_that_skips_t_is_told_and_weighed(schedule, severity):
    finding = found(lint(schedule, times=timesteps(1000, 50, Spacing.LEADING)), "starts at t = 981")
    assert finding.severity is severity
    assert finding.fix is None


@pytest.mark.parametrize("spacing", [Spacing.TRAILING, Spacing.LINSPACE, Spacing.QUADRATIC])
def test_spacing_that_reaches_t_is_left_alone(spacing):
    assert lint(Linear(), times=timesteps(1000, 50, spacing)) == ()


def test_the_worst_finding_stands_first():
    severities = [f.severity for f in lint(Linear(T=50), times=timesteps(50, 20, Spacing.LEADING))]
    assert severities[0] is Severity.ERROR
    assert severities == sorted(severities, key=list(Severity).index, reverse=True)


@st.composite
def any_schedule(draw):
    """Any kind at any length, with its switches and its two most important numbers."""
    kind = draw(st.sampled_from([Linear, Quadratic, ScaledLinear, Sigmoid, Constant, Cosine, Jsd]))
    fields = {"T": draw(st.integers(2, 300) | st.sampled_from([1000, 4000])), "zero_terminal_snr": draw(st.booleans())}
    if kind in (Linear, Quadratic, ScaledLinear, Sigmoid, Constant):
        fields["scaled"] = draw(st.booleans())
    if kind in (Linear, Quadratic, ScaledLinear, Sigmoid):
        fields["beta_end"] = draw(st.floats(1e-3, 0.5))
    try:
        return kind(**fields)
    except UserError:
        return replace(Cosine(), T=fields["T"], s=draw(st.floats(0.001, 0.1)), max_beta=draw(st.floats(0.5, 0.9999)))


@given(any_schedule(), st.floats(0.1, 1.0), st.booleans(), st.none() | st.integers(1, 60))
def test_every_fix_is_clean_of_what_it_fixes(schedule, second_moment, predicts_eps, steps):
    times = None if steps is None else timesteps(schedule.T, min(steps, schedule.T), Spacing.TRAILING)
    for finding in lint(schedule, second_moment, times, predicts_eps):
        assert "\n" not in finding.text
        if finding.fix is not None and finding.fix.schedule.T == schedule.T:
            (subject,) = about([finding])
            assert subject not in about(lint(finding.fix.schedule, second_moment, times, predicts_eps))
            assert finding.fix.schedule != schedule


def test_a_table_of_a_schedule_has_no_findings():
    assert lint_alpha_bar(Linear().alpha_bar) == ()
    assert lint_alpha_bar(Jsd(T=10).alpha_bar) == ()


def test_a_rising_table_is_told_with_the_first_t_and_mended():
    table = Linear(T=50).alpha_bar.copy()
    table[[20, 21]] = table[[21, 20]]
    (finding,) = lint_alpha_bar(table)
    assert finding.severity is Severity.ERROR
    assert "at 1 of 50 steps, first from ᾱ_20 =" in finding.text
    assert finding.fix is not None
    assert finding.fix.schedule.alpha_bar == pytest.approx(Linear(T=50).alpha_bar, abs=0.02)


def test_a_table_that_stands_still_is_told():
    (finding,) = lint_alpha_bar(np.array([1.0, 0.5, 0.5, 0.1]))
    assert "first from ᾱ_1 = 0.5 to ᾱ_2 = 0.5" in finding.text


def test_a_table_with_an_impossible_share_is_told():
    texts = [f.text for f in lint_alpha_bar(np.array([1.0, 0.5, -0.25, -0.5]))]
    assert texts == ["ᾱ_2 = -0.25: ᾱ is a share of the clean picture's variance and lies between 0 and 1"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_table_with_no_number_is_told_and_has_no_fix(value):
    (finding,) = lint_alpha_bar(np.array([1.0, 0.5, value, 0.1]))
    assert "ᾱ_2 is" in finding.text
    assert finding.fix is None


@given(arrays.arrays(np.float64, st.integers(3, 60), elements=st.floats(-0.5, 1.5)))
def test_the_fix_of_any_table_is_a_schedule_whose_table_has_no_findings(table):
    for finding in lint_alpha_bar(table):
        assert finding.fix is not None
        assert isinstance(finding.fix.schedule, Drawn)
        assert len(table) - 1 == finding.fix.schedule.T
        assert finding.fix.schedule.space is Space.LOG_SNR
        assert lint_alpha_bar(finding.fix.schedule.alpha_bar) == ()


@given(arrays.arrays(np.float64, st.integers(2, 60), elements=st.floats(0.01, 1.0)))
def test_falling_is_the_largest_falling_table_below(table):
    """Computed a second time step by step."""
    expected = [1.0]
    for value in table[1:]:
        expected.append(min(value, expected[-1] * (1.0 - SMALLEST_BETA)))
    assert falling(table) == pytest.approx(np.array(expected), rel=1e-12)


def test_the_limit_of_l_t_lies_between_ho_and_latent_diffusion():
    assert prior_bits(Linear(), 1.0) < BITS_NOTICED / 10 < BITS_NOTICED < prior_bits(ScaledLinear(), 1.0)
