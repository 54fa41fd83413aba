"""The Learn panel: the theory in short chapters, whose controls drive the panels beside it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from ddpm_studio.lessons import all_chapters
from ddpm_studio.lessons.actions import Action, Edit, Go, View
from ddpm_studio.ui.learn.view import LessonView
from ddpm_studio.ui.session import Session

WIDEST = 560  # logical pixels: longer lines are hard to read


class LearnPanel(QWidget):
    """One chapter at a time; the panels it is about are asked for when it is opened."""

    title = "Learn"
    keys_help = (("next, previous chapter", "Page Down, Page Up at the list"),)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.chapters = all_chapters()
        self.contents = QComboBox(self)
        self.contents.setAccessibleName("chapter")
        self.contents.setToolTip("the chapters, in the order in which they are read")
        for number, chapter in enumerate(self.chapters, 1):
            self.contents.addItem(f"{number}  {chapter.title}")
        self.back = self._arrow(Qt.ArrowType.LeftArrow, "the chapter before", -1)
        self.forth = self._arrow(Qt.ArrowType.RightArrow, "the next chapter", +1)
        self._page = QScrollArea(self, widgetResizable=True)
        self._page.setAccessibleName("the chapter")
        self._page.setFrameShape(QFrame.Shape.NoFrame)
        self._page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._lay_out()
        self.setMinimumSize(364, 280)
        self.setMaximumWidth(WIDEST)
        self.contents.currentIndexChanged.connect(self._on_chosen)
        self.show_chapter(0)

    def show_chapter(self, index: int) -> None:
        """Draws a chapter."""
        view = LessonView(self.chapters[index], self._session)
        view.asked.connect(self._on_asked)
        self._page.setWidget(view)  # deletes the one before
        self.back.setEnabled(index > 0)
        self.forth.setEnabled(index + 1 < len(self.chapters))

    def _on_chosen(self, index: int) -> None:
        self.show_chapter(index)
        chapter = self.chapters[index]
        self._session.panels_asked.emit(chapter.panels)
        if chapter.view is not None:
            self._session.view_asked.emit(chapter.view.panel, chapter.view.view)

    def _on_turned(self, by: int) -> None:
        self.contents.setCurrentIndex(self.contents.currentIndex() + by)

    def _on_asked(self, action: Action) -> None:
        """Does it where it can be seen: the chapter's panels come back if they have been put away."""
        self._session.panels_asked.emit(self.chapters[self.contents.currentIndex()].panels)
        if isinstance(action, Edit):
            self._session.edit(action.label, **action.changes(self._session.document))
        elif isinstance(action, Go):
            self._session.set_t(round(action.share * self._session.document.schedule.T))
        elif isinstance(action, View):
            self._session.view_asked.emit(action.panel, action.view)
        else:
            self._session.play_asked.emit(action.panel)

    def _arrow(self, arrow: Qt.ArrowType, tip: str, by: int) -> QToolButton:
        button = QToolButton(self, autoRaise=True)
        button.setArrowType(arrow)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda: self._on_turned(by))
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for widget, stretch in ((self.back, 0), (self.contents, 1), (self.forth, 0)):
            row.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 0, 6)
        column.addLayout(row)
        column.addWidget(self._page, 1)
