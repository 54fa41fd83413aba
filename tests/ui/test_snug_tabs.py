"""Tabs that stand closer: all of them fit where Fusion's own would scroll."""

import pytest
from PySide6.QtWidgets import QTabWidget, QWidget

from ddpm_studio.ui.widgets.snug_tabs import SPACE, make_snug


@pytest.fixture
def tabs(qtbot):
    made = QTabWidget()
    qtbot.addWidget(made)
    for name in ("Step", "Traces", "Algorithm"):
        made.addTab(QWidget(), name)
    return made


def test_a_tab_is_its_name_and_the_space_beside_it_wide(tabs):
    before = tabs.tabBar().sizeHint().width()
    make_snug(tabs)
    assert before - tabs.tabBar().sizeHint().width() == tabs.count() * (24 - SPACE)


def test_a_name_is_not_elided_for_it(tabs):
    make_snug(tabs)
    metrics = tabs.fontMetrics()
    for index in range(tabs.count()):
        assert tabs.tabBar().tabRect(index).width() >= metrics.horizontalAdvance(tabs.tabText(index)) + SPACE
