import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QToolButton

from ddpm_studio.ui.window import message_bar
from ddpm_studio.ui.window.message_bar import Level, MessageBar


@pytest.fixture
def bar(qtbot, monkeypatch):
    monkeypatch.setattr(message_bar, "NOTICE_STAYS", 50)
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.resize(600, 30)
    return bar


def copy_button(bar):
    return bar.findChild(QPushButton)


def test_a_notice_goes_by_itself(qtbot, bar):
    bar.notice("Saved it")
    assert bar.isVisible()
    assert (bar.level, bar.message) == (Level.NOTICE, "Saved it")
    qtbot.waitUntil(lambda: not bar.isVisible())
    assert bar.message == ""


def test_an_error_stays_and_no_notice_of_its_action_takes_its_place_until_it_is_dismissed(qtbot, bar):
    bar.notice("Saved it")
    bar.error("Cannot read it")
    bar.notice("Saved another")
    qtbot.wait(100)
    assert (bar.level, bar.message) == (Level.ERROR, "Cannot read it")
    bar.findChild(QToolButton).click()
    assert not bar.isVisible()
    bar.notice("Saved a third")
    assert bar.message == "Saved a third"


def test_what_is_done_later_takes_the_place_of_an_error_unless_that_has_details(monkeypatch, bar):
    monkeypatch.setattr(message_bar, "FRESH", 0.0)
    bar.error("Cannot read one")
    bar.notice("Opened another")
    assert (bar.level, bar.message) == (Level.NOTICE, "Opened another")
    bar.error("Something happened", "Traceback: all of it")
    bar.notice("Opened a third")
    assert (bar.level, bar.message) == (Level.ERROR, "Something happened")


def test_a_newer_error_takes_the_place_of_an_older_one(bar):
    bar.error("one")
    bar.error("two")
    assert bar.message == "two"


def test_details_can_be_copied_where_there_are_any(bar):
    bar.error("Cannot read it")
    assert not copy_button(bar).isVisible()
    bar.error("Something happened", "Traceback: all of it")
    assert copy_button(bar).isVisible()
    copy_button(bar).click()
    assert QGuiApplication.clipboard().text() == "Traceback: all of it"


def test_the_details_of_a_crash_outlive_the_line_its_job_adds(bar):
    bar.error("Something happened", "Traceback: all of it")
    bar.error("the chain stopped")
    copy_button(bar).click()
    assert QGuiApplication.clipboard().text() == "Traceback: all of it"
    bar.dismiss()
    bar.error("another thing")
    assert not copy_button(bar).isVisible()


def test_a_long_message_is_one_line_and_does_not_widen_the_bar(bar):
    width = bar.minimumSizeHint().width()
    bar.error("far too long\nfor one line " * 50)
    assert "\n" not in bar.message
    assert bar.minimumSizeHint().width() <= width + 60
    assert bar.accessibleName().startswith("error: far too long for one line")
