"""The Learn panel: its chapters are drawn, and their controls drive the session."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QPushButton, QScrollArea, QTabWidget

from ddpm_studio.lessons.actions import ACTIONS, Play, View
from ddpm_studio.lessons.chapter import Buttons
from ddpm_studio.sampler import Ancestral, Ddim
from ddpm_studio.ui.learn.figures import JensenFigure, MarkovFigure, TangentFigure
from ddpm_studio.ui.learn.view import CursorSlider, SamplerSettings, rich
from ddpm_studio.ui.panels.learn import LearnPanel
from ddpm_studio.ui.panels.likelihood import LikelihoodPanel
from ddpm_studio.ui.panels.sampling import SamplingPanel
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.typesetting.equation import Equation
from ddpm_studio.ui.window.workspaces import PANELS


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def panel(session, qtbot):
    panel = LearnPanel(session)
    qtbot.addWidget(panel)
    panel.resize(480, 900)
    panel.show()
    return panel


def opened(panel, title):
    panel.contents.setCurrentIndex([chapter.title for chapter in panel.chapters].index(title))
    return panel


def button(panel, text):
    return next(each for each in panel.findChildren(QPushButton) if each.text() == text)


def test_every_chapter_can_be_drawn_with_its_equations(panel):
    for index, chapter in enumerate(panel.chapters):
        panel.contents.setCurrentIndex(index)
        wanted = [block.markup for block in chapter.blocks if hasattr(block, "markup")]
        assert len([each for each in panel.findChildren(Equation) if each.isVisible()]) == len(wanted)


def test_every_chapter_asks_for_panels_there_are(panel, session):
    asked = []
    session.panels_asked.connect(asked.append)
    for index in range(1, len(panel.chapters)):
        panel.contents.setCurrentIndex(index)
    assert asked == [chapter.panels for chapter in panel.chapters[1:]]
    assert {key for chapter in panel.chapters for key in chapter.panels} <= PANELS.keys()


def test_a_button_edits_the_document_and_undo_takes_it_back(panel, session):
    before = session.document
    button(opened(panel, "The forward process"), "Cosine").click()
    assert session.document.schedule.kind == "cosine"
    session.undo_stack.undo()
    assert session.document == before


def test_a_place_is_gone_to(panel, session):
    button(opened(panel, "All steps at once"), "A quarter").click()
    assert session.t == session.document.schedule.T // 4


def test_the_slider_and_the_shared_t_are_one(panel, session):
    cursor = opened(panel, "The forward process").findChild(CursorSlider)
    cursor.slider.setValue(123)
    assert session.t == 123
    session.set_t(77)
    assert cursor.slider.value() == 77


def test_settings_are_for_the_sampler_they_are_of(panel, session):
    opened(panel, "Why noise while sampling?")
    ancestral, ddim = panel.findChildren(SamplerSettings)
    assert isinstance(session.document.sampler, Ancestral)
    assert ancestral.isEnabled()
    assert not ddim.isEnabled()
    button(panel, "DDIM").click()
    assert isinstance(session.document.sampler, Ddim)
    assert ddim.isEnabled()
    ddim.form.control("eta").edited.emit(0.5)
    assert session.document.sampler.eta == 0.5
    button(panel, "Without noise").click()
    assert session.document.sampler.noise is False


def test_a_view_and_a_play_are_asked_for_by_names_that_their_panels_know(panel, session, qtbot):
    asked, played = [], []
    session.view_asked.connect(lambda *names: asked.append(names))
    session.play_asked.connect(played.append)
    button(opened(panel, "Algorithm 2: sampling"), "The algorithm").click()
    button(panel, "Play the chain").click()
    button(opened(panel, "Progressive coding"), "The code").click()
    algorithm, code = ("sampling", "Algorithm"), ("likelihood", "Rate–distortion")
    assert asked == [algorithm, algorithm, code, code]  # the chapter turns to its view when it is opened, too
    assert played == ["sampling"]
    views = [action for action in ACTIONS.values() if isinstance(action, View)]
    panels = {"likelihood": LikelihoodPanel(session), "sampling": SamplingPanel(session)}
    for each in panels.values():
        qtbot.addWidget(each)
    for view in views:
        session.view_asked.emit(view.panel, view.view)
        titles = {tabs.tabText(tabs.currentIndex()) for tabs in panels[view.panel].findChildren(QTabWidget)}
        assert view.view in titles
    for each in panels.values():
        each.close_jobs()


def test_arrows_turn_the_pages(panel):
    assert not panel.back.isEnabled()
    panel.forth.click()
    assert panel.contents.currentIndex() == 1
    panel.back.click()
    assert panel.contents.currentIndex() == 0


def test_a_dragged_point_stays_on_the_curve_and_its_tangent_follows(qtbot):
    figure = TangentFigure()
    qtbot.addWidget(figure)
    figure.plot.points[0].setPos(QPointF(3.0, 5.0))
    place = figure.plot.points[0].pos()
    assert (place.x(), place.y()) == pytest.approx((3.0, np.log(3.0)))
    assert "λ = 0.333: exact at x = 3.00" in figure.text.text()


def test_arrow_keys_move_the_point_that_was_moved_last(qtbot):
    figure = JensenFigure()
    qtbot.addWidget(figure)
    first, middle, last = figure.plot.points
    qtbot.keyClick(figure.plot, Qt.Key.Key_Left)
    assert last.pos().x() == pytest.approx(5.0 - 0.05)
    middle.setPos(QPointF(2.0, 0.0))
    qtbot.keyClick(figure.plot, Qt.Key.Key_Right)
    assert (middle.pos().x(), middle.pos().y()) == pytest.approx((2.05, np.log(2.05)))
    assert first.pos().x() == pytest.approx(0.3)


def test_points_drawn_together_close_jensens_gap(qtbot):
    figure = JensenFigure()
    qtbot.addWidget(figure)
    assert "the gap is 0.000" not in figure.text.text()
    for point in figure.plot.points:
        point.setPos(QPointF(2.0, 0.0))
    assert figure.text.text() == "log E[x] = 0.693, E[log x] = 0.693: the gap is 0.000"


def test_the_chain_is_told_beside_the_table(qtbot):
    figure = MarkovFigure()
    qtbot.addWidget(figure)
    figure.pixels.setValue(1)
    figure.steps.setValue(2)
    assert "one table of everything: 7 numbers" in figure.text.text()
    assert "a Markov chain of tables: 5 numbers" in figure.text.text()


def test_subscripts_in_text_are_true_ones_however_they_are_written_and_words_are_left_alone():
    assert rich("x_t < y, L_simple, snake_case") == (
        "<i>x</i><sub>t</sub> &lt; y, <i>L</i><sub>simple</sub>, snake_case"
    )
    assert rich("√ᾱₜ xₜ₋₁ β̃ₜ") == "√<i>ᾱ</i><sub>t</sub> <i>x</i><sub>t−1</sub> <i>β̃</i><sub>t</sub>"
    assert rich("p_θ at t − 1") == "<i>p</i><sub>θ</sub> at t\u00a0−\u00a01"


def test_what_a_chapter_drives_is_asked_for_whenever_it_is_driven(panel, session):
    asked = []
    opened(panel, "Algorithm 2: sampling")
    session.panels_asked.connect(asked.append)
    button(panel, "50 steps").click()
    button(panel, "Play the chain").click()
    assert asked == [("sampling",), ("sampling",)]


def test_every_view_and_chain_of_a_chapter_is_in_a_panel_beside_it(panel):
    for chapter in panel.chapters:
        driven = {
            action.panel
            for block in chapter.blocks
            if isinstance(block, Buttons)
            for action in block.actions
            if isinstance(action, View | Play)
        }
        assert driven <= set(chapter.panels)


def test_no_chapter_is_cut_off_at_the_side_where_the_panel_is_as_narrow_as_it_gets(panel, qtbot):
    panel.resize(panel.minimumSize())
    page = panel.findChild(QScrollArea)
    for index in range(len(panel.chapters)):
        panel.contents.setCurrentIndex(index)
        qtbot.waitUntil(lambda: page.widget().isVisible())
        assert page.widget().minimumSizeHint().width() <= page.viewport().width(), panel.chapters[index].title
