"""The likelihood panel: measured once, then live under any schedule."""

import re
from dataclasses import replace
from functools import partial
from itertools import cycle

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from ddpm_studio.data import load
from ddpm_studio.denoiser import Exact, Trained
from ddpm_studio.document import Document
from ddpm_studio.likelihood import ErrorCurve, ReverseVariance, bound, estimated, learned_bound, measured
from ddpm_studio.networks.build import fresh
from ddpm_studio.networks.settings import UNet
from ddpm_studio.objective import Target
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.live import LiveNetwork
from ddpm_studio.ui.panels.likelihood import LikelihoodPanel
from ddpm_studio.ui.plots.line_plot import Line
from ddpm_studio.ui.plots.over_t import OverT
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.theory import measurements, work
from ddpm_studio.ui.theory.jobs import Kind

PATIENCE = 30_000  # ms; what is waited for takes a second or two


@pytest.fixture
def pictures(tmp_path):
    path = tmp_path / "pictures.npz"
    np.savez(path, arr_0=np.random.default_rng(0).integers(0, 256, (30, 4, 4, 1), np.uint8))
    return str(path)


@pytest.fixture
def session(pictures):
    return Session(Document(schedule=Linear(T=40, scaled=True), dataset=pictures))


@pytest.fixture
def panel(qtbot, session):
    panel = LikelihoodPanel(session)
    qtbot.addWidget(panel)
    panel.resize(900, 700)
    panel.show()
    yield panel
    panel.close_jobs()


def wait(qtbot, condition):
    qtbot.waitUntil(condition, timeout=PATIENCE)


def measured_out(qtbot, panel):
    found = panel._measured
    wait(qtbot, lambda: 0 < found.done == found.levels and not found.running)


def press(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def terms(panel):
    return panel.views.bound.terms.numbers()["Lₜ₋₁"]


def test_it_measures_by_itself_what_takes_a_moment(qtbot, panel, session):
    measured_out(qtbot, panel)
    assert panel._measured.levels > 113
    assert len(terms(panel)) == session.document.schedule.T - 1
    assert "30 training samples" in panel.views.bound.about.text()
    assert "exact denoiser" in panel.views.bound.about.text()
    assert panel.bar.start.text() == "Measure"


def test_dragging_the_schedule_moves_the_bound_without_measuring(qtbot, panel, session):
    measured_out(qtbot, panel)
    before, curve = terms(panel), panel._measured.curve()
    session.preview(schedule=Cosine(T=60))
    wait(qtbot, lambda: len(terms(panel)) == 59)
    np.testing.assert_allclose(terms(panel), bound(Cosine(T=60), curve, ReverseVariance.BETA).terms[2:])
    session.cancel()
    wait(qtbot, lambda: len(terms(panel)) == len(before))
    np.testing.assert_array_equal(terms(panel), before)
    assert panel._measured.curve() is curve


def test_the_total_says_how_far_off_it_may_be_for_lying_between_noise_levels(qtbot, panel, session):
    measured_out(qtbot, panel)
    curve, schedule = panel._measured.curve(), session.document.schedule
    even, odd = (bound(schedule, half, ReverseVariance.BETA).total for half in curve.halves)
    assert f"± {abs(even - odd) / 2:.4f} as interpolated" in panel.views.bound.total.text()
    press(panel.bar.all)
    wait(qtbot, lambda: "every t measured" in panel.views.bound.total.text())
    session.preview(schedule=Cosine(T=60))
    wait(qtbot, lambda: "as interpolated" in panel.views.bound.total.text())


def test_every_t_is_measured_when_asked_for_and_agrees_with_the_core(qtbot, panel, session, pictures):
    measured_out(qtbot, panel)
    press(panel.bar.all)
    wait(qtbot, lambda: panel._measured.whole)
    measured_out(qtbot, panel)
    assert panel._measured.done == 40
    assert "measured at every t" in panel.bar.status.text()
    schedule, data = session.document.schedule, load(pictures)
    import torch  # noqa: PLC0415 - as the panel does, late

    x0 = torch.from_numpy(data.x0())
    levels = measured(Exact.of(schedule, data), x0, range(1, 41), tables={1})
    expected = bound(schedule, ErrorCurve.of(levels, x0), ReverseVariance.BETA)
    np.testing.assert_allclose(terms(panel), expected.terms[2:], rtol=1e-3, atol=1e-6)


def test_it_can_be_stopped_and_begun_again(qtbot, panel):
    found = panel._measured
    wait(qtbot, lambda: found.running and found.done > 5)
    press(panel.bar.start)
    assert not found.running
    assert panel.bar.start.text() == "Go on"
    kept = found.done
    assert kept < found.levels
    assert len(terms(panel)) == 39
    press(panel.bar.start)
    measured_out(qtbot, panel)
    assert found.done > 113


def test_the_bracket_holds_the_optimum_and_says_what_each_choice_loses(qtbot, panel):
    measured_out(qtbot, panel)
    panel.views.setCurrentWidget(panel.views.bracket)
    shown = panel.views.bracket.bracket.numbers()
    assert (shown["β̃"] <= shown["optimum"] + 1e-12).all()
    assert (shown["optimum"] <= shown["β"] + 1e-3).all()
    assert "optimum" in panel.views.bracket.table.text()
    lost = panel.views.bracket.lost.numbers()
    assert min(lost["β"].min(), lost["β̃"].min()) >= -1e-12


def test_a_picture_is_sent_and_guessed_better_with_more_bits(qtbot, panel):
    measured_out(qtbot, panel)
    panel.views.setCurrentWidget(panel.views.rate)
    rate = panel.views.rate
    wait(qtbot, lambda: len(rate._guesses) == 41)
    rate.slider.setValue(rate.slider.maximum())
    assert "RMSE of this one 0.00" in rate.told.text()
    np.testing.assert_array_equal(rate.guess.pictures, rate.truth.pictures)
    rate.slider.setValue(0)
    assert rate.told.text().startswith("t = 40: 0.00")
    assert not np.array_equal(rate.guess.pictures, rate.truth.pictures)
    rate._cursor.setValue(1e9)
    assert rate.slider.value() >= rate.slider.maximum() - 1
    before = rate.truth.pictures
    press(rate.next)
    wait(qtbot, lambda: not np.array_equal(rate.truth.pictures, before))


def test_the_gap_is_measured_on_held_out_and_training_samples(qtbot, panel, session):
    session.edit("hold out", training=replace(session.document.training, held_out=0.2))
    measured_out(qtbot, panel)
    panel.views.setCurrentWidget(panel.views.gap)
    press(panel.views.gap.start)
    gap = panel.views.gap
    wait(qtbot, lambda: "middle of 8 chains" in gap.told.text() and len(gap.trained.numbers()["denoiser"]) >= 24)
    for plot in (gap.held_out, gap.trained):
        shown = plot.numbers()
        np.testing.assert_allclose(shown["denoiser"], shown["optimum"])  # it is that one
        assert (shown["zero"] == 1.0).all()
    assert len(gap.near.numbers) == 8


def test_the_gap_says_how_far_it_is_and_is_ended_by_the_button_that_began_it(qtbot, panel, monkeypatch):
    monkeypatch.setattr(measurements, "gap_and_memory", lambda subject: cycle(work.gaps(subject)))
    measured_out(qtbot, panel)
    panel.views.setCurrentWidget(panel.views.gap)
    gap = panel.views.gap
    assert gap.start.text() == "Measure the gap"
    press(gap.start)
    assert gap.start.text() == "Stop"
    wait(qtbot, lambda: "noise levels" in gap.told.text())
    press(gap.start)
    wait(qtbot, lambda: gap.start.text() == "Measure the gap")
    assert panel._measured.at_rest
    assert "samples: " in gap.told.text()


def test_jensen_climbs_to_the_exact_density(qtbot, panel):
    panel.views.setCurrentWidget(panel.views.jensen)
    wait(qtbot, lambda: "20,000 chains" in panel.views.jensen.told.text())
    shown = panel.views.jensen.plot.numbers()
    assert shown["k"].tolist() == [1, 10, 100, 1000]
    estimate, truth = shown["estimate from k samples"], shown["−log₂ p(x₀), exact"]
    assert estimate[0] - truth[0] > 0.05
    assert abs(estimate[-1] - truth[-1]) < 0.03


def test_what_cannot_be_read_is_said_and_the_panel_stays(qtbot, panel, session, reported, tmp_path):
    measured_out(qtbot, panel)
    session.edit("another", denoiser=str(tmp_path / "none.safetensors"))
    wait(qtbot, lambda: bool(reported))
    assert "none.safetensors" in reported[0]
    assert not panel.bar.start.isEnabled()


def test_nothing_is_read_before_somebody_looks(qtbot, session):
    panel = LikelihoodPanel(session)
    qtbot.addWidget(panel)
    session.edit("other", schedule=Cosine(T=10))
    assert panel._measured.subject is None
    assert not panel.findChildren(Job)
    panel.close_jobs()


def test_a_click_in_a_plot_moves_the_shared_t_and_the_cursor_is_in_all_of_them(qtbot, panel, session):
    measured_out(qtbot, panel)
    plot = panel.views.bound.rate
    box = plot.getPlotItem().getViewBox()
    place = plot.mapFromScene(box.mapViewToScene(QPointF(1.0, 0.0)))  # 10 on the logarithmic axis
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.x(), plot.height() // 2))
    assert abs(session.t - 10) <= 1
    session.set_t(25)
    assert panel.views.bound.terms._cursor.value() == panel.views.gap.entropy._cursor.value() == 25
    assert panel.views.bound.rate._cursor.value() == pytest.approx(np.log10(25))
    panel.views.setCurrentWidget(panel.views.rate)
    wait(qtbot, lambda: "t = 25" in panel.views.rate.told.text())
    panel.views.rate.slider.setValue(0)
    assert session.t == 40


def test_an_estimate_from_drawn_times_agrees_with_the_bound(qtbot, panel, monkeypatch):
    monkeypatch.setattr(measurements, "ESTIMATE_SECONDS", 1000.0)  # all draws, however slow the machine
    measured_out(qtbot, panel)
    whole = panel._measured.bound(panel._session.document.schedule, ReverseVariance.BETA)
    press(panel.bar.quick)
    wait(qtbot, lambda: panel.views.bound.estimate.text().startswith("Estimate from 256 drawn"))
    said = panel.views.bound.estimate.text().split(": ")[1]
    total, _, error, *_ = said.split()
    assert abs(float(total) - whole.total) < 4 * float(error)


def amid_a_curve(qtbot, panel):
    found = panel._measured
    wait(qtbot, lambda: found.running and found.done > 5)
    press(panel.bar.quick)
    assert found.is_at(Kind.ESTIMATE)
    assert not found.running
    assert found.done < found.levels
    return found


def test_a_curve_makes_way_for_an_estimate_and_goes_on_by_itself_afterwards(qtbot, panel, monkeypatch):
    monkeypatch.setattr(measurements, "ESTIMATE_SECONDS", 0.5)
    found = amid_a_curve(qtbot, panel)
    assert "then on from level" in panel.bar.status.text()
    measured_out(qtbot, panel)
    assert not found.is_at(Kind.ESTIMATE)
    assert panel.views.bound.estimate.text().startswith("Estimate from")


def test_an_estimate_is_ended_by_the_button_that_began_it_and_the_curve_goes_on(qtbot, panel, monkeypatch):
    monkeypatch.setattr(measurements, "ESTIMATE_SECONDS", 1000.0)
    monkeypatch.setattr(work, "estimated", partial(estimated, draws=100_000))
    found = amid_a_curve(qtbot, panel)
    wait(qtbot, lambda: panel.views.bound.estimate.text().startswith("Estimate from"))
    assert panel.bar.quick.text() == "Enough"
    press(panel.bar.quick)
    wait(qtbot, lambda: not found.is_at(Kind.ESTIMATE))
    assert panel.bar.quick.text() == "Estimate"
    measured_out(qtbot, panel)
    assert re.match(r"Estimate from \d+ of \d+ drawn", panel.views.bound.estimate.text())


def test_a_curve_that_was_stopped_stays_so_after_an_estimate(qtbot, panel, monkeypatch):
    monkeypatch.setattr(measurements, "ESTIMATE_SECONDS", 0.2)
    found = panel._measured
    wait(qtbot, lambda: found.running and found.done > 5)
    press(panel.bar.start)
    press(panel.bar.quick)
    assert "then on" not in panel.bar.status.text()
    wait(qtbot, lambda: not found.is_at(Kind.ESTIMATE))
    assert found.unfinished
    assert not found.running


def test_the_learned_variance_is_shown_once_every_t_has_been_measured(qtbot, session, pictures):
    settings = UNet(width=8, multipliers=(1,), blocks=1, attention=(), learned_variance=True)
    document = replace(session.document, network=settings)
    schedule = document.schedule
    denoiser = Trained(schedule, (1, 4, 4), fresh(settings, (1, 4, 4), seed=0).eval(), Target.EPS)
    panel = LikelihoodPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    session.sample_from(LiveNetwork(document, 7, denoiser))
    measured_out(qtbot, panel)
    panel.bar.sigma.setCurrentIndex(3)
    assert "press Every t" in panel.views.bound.total.text()
    press(panel.bar.all)
    wait(qtbot, lambda: "σ² = learned" in panel.views.bound.total.text())
    x0 = panel._measured.subject.probe.x0
    expected = learned_bound(schedule, measured(denoiser, x0, range(1, 41), tables=set()), x0)
    np.testing.assert_allclose(terms(panel), expected.terms[2:])
    panel.close_jobs()


def test_a_plot_over_t_that_was_empty_shows_the_whole_of_the_same_curve_again(qtbot):
    plot = OverT("bits", "bits at t", (Line("", "signal"),), decades=True)
    qtbot.addWidget(plot)
    t = np.arange(1.0, 41.0)
    plot.show_times(t, (7.0 / t,))
    whole = plot.getPlotItem().getViewBox().viewRange()
    plot.show_nothing()
    assert plot.getPlotItem().getViewBox().viewRange() != whole
    plot.show_times(t, (7.0 / t,))
    np.testing.assert_allclose(plot.getPlotItem().getViewBox().viewRange(), whole)
