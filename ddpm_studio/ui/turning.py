"""Turning a panel's pages from somewhere else."""

from PySide6.QtWidgets import QTabWidget


def turn(tabs: QTabWidget, key: str, panel: str, title: str) -> None:
    """To the page of that title, if it is this panel, whose key is `key`, that was meant; no page, no turn."""
    titles = [tabs.tabText(index) for index in range(tabs.count())]
    if panel == key and title in titles:
        tabs.setCurrentIndex(titles.index(title))
