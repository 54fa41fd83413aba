"""What is wrong with the schedule, worst first, each with a button that puts it right where one can."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ddpm_studio.lint import Finding, Severity
from ddpm_studio.ui import theme

_SIGNS = {Severity.NOTE: "i", Severity.WARNING: "!", Severity.ERROR: "×"}
_FINE = "✓  Nothing is wrong with this schedule."


class LintList(QScrollArea):
    """A row for each finding; rows are kept and filled anew, so that a list that changes does not flicker."""

    fix_chosen = Signal(object)  # the Fix behind the button

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self._fine = QLabel(_FINE, self)
        self._fine.setWordWrap(True)
        self._body = QWidget(self)
        self._layout = QVBoxLayout(self._body)
        self._layout.setContentsMargins(4, 2, 4, 2)
        self._layout.setSpacing(3)
        self._layout.addWidget(self._fine)
        self._layout.addStretch()
        self.setWidget(self._body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("What is wrong with the schedule")
        theme.watcher().changed.connect(self.show_colours)

    @property
    def rows(self) -> tuple["_Row", ...]:
        """The rows that are shown, from the top."""
        return tuple(row for row in self._rows if not row.isHidden())

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Shows these and nothing else."""
        while len(self._rows) < len(findings):
            row = _Row(self._body)
            row.fix_chosen.connect(self.fix_chosen)
            self._layout.insertWidget(len(self._rows), row)
            self._rows.append(row)
        for row, finding in zip(self._rows, findings, strict=False):
            row.show_finding(finding)
        for index, row in enumerate(self._rows):
            row.setVisible(index < len(findings))
        self._fine.setVisible(not findings)

    def show_colours(self, _colours: theme.Colours) -> None:
        """Takes the current colours."""
        for row in self._rows:
            row.show_colours()


class _Row(QWidget):
    """A sign for the severity, the sentence, and the button of its fix."""

    fix_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._finding: Finding | None = None
        self._sign, self.text, self.button = QLabel(self), QLabel(self), QPushButton(self)
        self._sign.setFixedWidth(14)
        self._sign.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button.clicked.connect(self._on_clicked)
        layout, column = QHBoxLayout(self), QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(column, 1)
        column.addWidget(self.text)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_finding(self, finding: Finding) -> None:
        """Shows its text; the button is there only if there is a fix."""
        self._finding = finding
        self._sign.setText(_SIGNS[finding.severity])
        self._sign.setToolTip(finding.severity.value)
        self.text.setText(finding.text)
        self.text.setAccessibleName(f"{finding.severity.value}: {finding.text}")
        self.button.setVisible(finding.fix is not None)
        if finding.fix is not None:
            self.button.setText(finding.fix.label)
            self.button.setToolTip("Change the schedule so that this is no longer so; it can be undone")
        self.show_colours()

    def show_colours(self) -> None:
        """Takes the current colours."""
        if self._finding is not None:
            colours = theme.colours()
            colour = {Severity.NOTE: colours.muted, Severity.WARNING: colours.warning, Severity.ERROR: colours.error}
            self._sign.setStyleSheet(f"font-weight: bold; color: {colour[self._finding.severity]}")

    def _on_clicked(self) -> None:
        if self._finding is not None and self._finding.fix is not None:
            self.fix_chosen.emit(self._finding.fix)
