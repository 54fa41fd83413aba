from dataclasses import dataclass
from typing import Annotated

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QStyle, QStyleOptionSpinBox

from ddpm_studio.document import Noising, Sampling
from ddpm_studio.networks import UNet
from ddpm_studio.objective import MinSnr
from ddpm_studio.params import Parameter, Parameters, Range, parameters
from ddpm_studio.sampler import Ancestral, Spacing
from ddpm_studio.schedule import SCHEDULES, Drawn, Linear, Space
from ddpm_studio.training import Training
from ddpm_studio.ui.widgets.controls import label_of
from ddpm_studio.ui.widgets.form import Form
from ddpm_studio.ui.widgets.number_box import stepped


@dataclass(frozen=True)
class Plain(Parameters):
    share: Annotated[float, Range(0.0, 1.0), "a share"] = 0.5


class Heard:
    def __init__(self, form):
        self.previewed, self.edited, self.refused = [], [], []
        for name in vars(self):
            getattr(form, name).connect(getattr(self, name).append)


@pytest.fixture
def shown(qtbot):
    """A form of a class on the screen, and what it says."""

    def show(cls, **options):
        form = Form(cls, **options)
        qtbot.addWidget(form)
        with qtbot.waitActive(form):
            form.show()
            form.activateWindow()
        return form, Heard(form)

    return show


def type_into(box, text, key=Qt.Key.Key_Return):
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    if key:
        QTest.keyClick(box, key)


def turn_wheel(box, clicks):
    centre = QPointF(box.rect().center())
    event = QWheelEvent(
        centre,
        box.mapToGlobal(centre),
        QPoint(),
        QPoint(0, 120 * clicks),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, event)


@pytest.mark.parametrize("cls", [*SCHEDULES.values(), Ancestral, Sampling, Noising, UNet, MinSnr, Training])
def test_every_form_shows_its_class_default_with_a_help_and_a_name_for_each_field(shown, cls):
    form, _ = shown(cls)
    assert form.value == cls()
    for parameter in parameters(cls):
        control = form.control(parameter.name)
        assert control.toolTip().startswith(parameter.help)
        assert control.accessibleName() == label_of(parameter.name)


def test_setting_a_value_shows_it_and_tells_nobody(shown):
    form, heard = shown(Linear)
    form.set_value(Linear(T=40, beta_end=0.123456789, scaled=False, zero_terminal_snr=True))
    assert form.control("T").text() == "40"
    assert form.control("beta_start").text() == "0.0001"
    assert form.control("beta_end").text() == "0.123457"
    assert form.control("zero_terminal_snr").isChecked()
    assert heard.previewed == heard.edited == heard.refused == []


def test_a_number_with_more_digits_than_are_shown_keeps_them_when_it_is_not_touched(shown):
    form, heard = shown(Linear)
    form.set_value(Linear(beta_end=0.123456789))
    form.control("beta_end").setFocus()
    form.control("T").setFocus()
    assert heard.edited == []
    assert form.value.beta_end == 0.123456789


@pytest.mark.parametrize("typed", ["0.05", "0,05", " 5e-2 "])
def test_a_typed_number_settles_with_enter(shown, typed):
    form, heard = shown(Linear)
    type_into(form.control("beta_end"), typed)
    assert heard.edited == [Linear(beta_end=0.05)] == [form.value]
    assert heard.previewed == []


def test_a_typed_number_settles_when_the_focus_leaves(shown):
    form, heard = shown(Linear)
    type_into(form.control("T"), "50", key=Qt.Key.Key_Tab)
    assert heard.edited == [Linear(T=50)]


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("T", "5000", "T must be between 2 and 4000, but is 5000"),
        ("T", "1", "T must be between 2 and 4000"),
        ("T", "12.5", "'12.5' is not a whole number"),
        ("beta_end", "nan", "beta_end must be between"),
        ("beta_end", "much", "'much' is not a number"),
        ("beta_end", "", "'' is not a number"),
    ],
)
def test_what_is_no_value_is_refused_with_its_reason_and_the_last_good_one_is_back(shown, field, typed, reason):
    form, heard = shown(Linear)
    control = form.control(field)
    before = control.text()
    control.setFocus()
    control.lineEdit().setText(typed)
    QTest.keyClick(control, Qt.Key.Key_Return)
    assert len(heard.refused) == 1
    assert reason in heard.refused[0]
    assert "\n" not in heard.refused[0]
    assert control.text() == before
    assert heard.edited == []


def test_a_combination_that_cannot_be_is_refused_and_the_last_good_one_is_back(shown):
    form, heard = shown(Linear)
    form.set_value(Linear(beta_end=0.5, scaled=True))
    type_into(form.control("T"), "100")
    assert len(heard.refused) == 1
    assert "switch scaled off" in heard.refused[0]
    assert form.control("T").text() == "1000"
    assert form.value == Linear(beta_end=0.5, scaled=True)
    assert heard.edited == []


def test_holding_an_arrow_key_previews_and_letting_go_settles_once(shown):
    form, heard = shown(Linear)
    box = form.control("T")
    box.setFocus()
    for _ in range(3):
        QTest.keyPress(box, Qt.Key.Key_Up)
    assert [value.T for value in heard.previewed] == [1001, 1002, 1003]
    assert heard.edited == []
    QTest.keyRelease(box, Qt.Key.Key_Up)
    assert heard.edited == [Linear(T=1003)]


def test_pressing_an_arrow_with_the_mouse_previews_and_releasing_settles(shown):
    form, heard = shown(Linear)
    box = form.control("T")
    option = QStyleOptionSpinBox()
    box.initStyleOption(option)
    down = QStyle.SubControl.SC_SpinBoxDown
    arrow = box.style().subControlRect(QStyle.ComplexControl.CC_SpinBox, option, down, box).center()
    QTest.mousePress(box, Qt.MouseButton.LeftButton, pos=arrow)
    assert [value.T for value in heard.previewed] == [999]
    assert heard.edited == []
    QTest.mouseRelease(box, Qt.MouseButton.LeftButton, pos=arrow)
    assert heard.edited == [Linear(T=999)]


def test_a_preview_that_comes_back_from_the_session_still_settles(shown):
    form, heard = shown(Linear)
    form.previewed.connect(form.set_value)
    box = form.control("T")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert heard.edited == [Linear(T=999)]


def test_the_wheel_changes_a_focused_box_only_and_settles_after_a_pause(shown, qtbot):
    form, heard = shown(Linear)
    form.control("beta_end").setFocus()
    turn_wheel(form.control("T"), 1)
    assert heard.previewed == []
    form.control("T").setFocus()
    with qtbot.waitSignal(form.edited):
        turn_wheel(form.control("T"), 1)
        turn_wheel(form.control("T"), 1)
    assert [value.T for value in heard.previewed] == [1001, 1002]
    assert heard.edited == [Linear(T=1002)]


@pytest.mark.parametrize("name", ["space", "zero_terminal_snr"])
def test_the_wheel_leaves_an_unfocused_choice_or_switch_alone(shown, name):
    form, heard = shown(Drawn)
    form.control("T").setFocus()
    turn_wheel(form.control(name), -1)
    assert heard.edited == []
    assert form.value == Drawn()


def test_choosing_a_member_of_an_enumeration_edits_it(shown):
    form, heard = shown(Ancestral)
    box = form.control("spacing")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert heard.edited == [Ancestral(spacing=Spacing.QUADRATIC)]


def test_clicking_a_switch_edits_it(shown):
    form, heard = shown(Ancestral)
    form.control("clip").click()
    assert heard.edited == [Ancestral(clip=False)]


def test_a_named_value_is_shown_by_its_name_and_can_be_chosen_or_typed(shown):
    form, heard = shown(Ancestral)
    box = form.control("variance")
    assert box.currentText() == "β̃"
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    for typed in ("0.25", "beta", "β̃"):
        box.lineEdit().setText(typed)
        QTest.keyClick(box.lineEdit(), Qt.Key.Key_Return)
    assert [value.variance for value in heard.edited] == [1.0, 0.25, 1.0, 0.0]
    box.lineEdit().setText("2")
    QTest.keyClick(box.lineEdit(), Qt.Key.Key_Return)
    assert len(heard.refused) == 1
    assert box.currentText() == "β̃"


def test_knots_are_typed_as_pairs(shown):
    form, heard = shown(Drawn)
    box = form.control("knots")
    assert box.text() == "0:0.0001, 1:0.02"
    type_into(box, "0:0.001, 0.5:0.01, 1:0.05")
    assert heard.edited == [Drawn(knots=((0.0, 0.001), (0.5, 0.01), (1.0, 0.05)))]
    type_into(box, "0:0.001 0.5")
    assert "knots are written u:value" in heard.refused[0]
    assert box.text() == "0:0.001, 0.5:0.01, 1:0.05"


def test_text_is_taken_as_it_is(shown):
    form, heard = shown(Noising)
    type_into(form.control("picture"), "coffee")
    assert heard.edited == [Noising(picture="coffee")]


def test_a_seed_of_sixty_three_bits_is_kept_to_the_last_digit(shown):
    form, heard = shown(Sampling)
    type_into(form.control("seed"), str(2**63 - 1))
    assert heard.edited == [Sampling(seed=2**63 - 1)]
    assert form.control("seed").text() == str(2**63 - 1)


def test_a_form_of_some_fields_keeps_the_others(shown):
    form, heard = shown(Drawn, only=("T", "space"), orientation=Qt.Orientation.Horizontal)
    knots = ((0.0, 0.9), (1.0, 0.1))
    form.set_value(Drawn(space=Space.ALPHA_BAR, knots=knots))
    type_into(form.control("T"), "300")
    assert heard.edited == [Drawn(T=300, space=Space.ALPHA_BAR, knots=knots)]
    assert [label.text() for label in form.findChildren(QLabel)] == ["T", "space"]


@pytest.mark.parametrize(
    ("kind", "bounds", "value", "steps", "result"),
    [
        (float, Range(1e-6, 1.0, log=True), 1e-4, 1, 1.1e-4),
        (float, Range(1e-6, 1.0, log=True), 0.02, -1, 0.018),
        (float, Range(1e-6, 1.0, log=True), 0.95, 5, 1.0),
        (float, Range(0.0, 1.0), 0.0, 1, 0.01),
        (float, Range(0.0, 1.0), 0.005, -3, 0.0),
        (float, Range(0.0, 0.1), 0.008, 1, 0.009),
        (int, Range(2, 4000), 2, -1, 2),
        (int, Range(2, 4000), 3995, 10, 4000),
        (int, None, 0, -3, -3),
    ],
)
def test_a_step_suits_the_range_and_ends_at_its_ends(kind, bounds, value, steps, result):
    parameter = Parameter("x", kind, value, bounds, "")
    assert stepped(parameter, value, steps) == pytest.approx(result, rel=1e-12)
    assert type(stepped(parameter, value, steps)) is kind


def test_stepping_up_from_the_smallest_value_of_a_logarithmic_range_gets_to_its_end():
    parameter = Parameter("x", float, 1.0, Range(1e-6, 0.9999, log=True), "")
    value, visited = 1e-6, 0
    while value < 0.9999:
        value, before, visited = stepped(parameter, value, 1), value, visited + 1
        assert before < value
    assert visited < 200


def test_a_plain_share_steps_by_hundredths(shown):
    form, heard = shown(Plain)
    box = form.control("share")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_PageUp)
    assert heard.edited == [Plain(share=0.6)]


def test_a_list_is_typed_as_numbers_and_commas(shown):
    form, heard = shown(UNet)
    box = form.control("multipliers")
    assert box.text() == "1, 2, 2"
    type_into(box, "1,2, 4")
    assert form.value.multipliers == (1, 2, 4)
    assert heard.edited == [UNet(multipliers=(1, 2, 4))]
    type_into(form.control("attention"), "none")
    assert form.value.attention == ()
    type_into(box, "1,x")
    assert "'x' is not a whole number" in heard.refused[0]
    assert box.text() == "1, 2, 4"
