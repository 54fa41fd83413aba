import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest

from ddpm_studio.ui.typesetting.equation import Equation
from ddpm_studio.ui.typesetting.formula import Mark, Script, Symbol, plain
from ddpm_studio.ui.typesetting.markup import parse
from ddpm_studio.ui.typesetting.typeset import AXIS, typeset

MEAN = r"\frac{1}{\sqrt{\alpha_t}} \left( x_t - \frac{\beta_t}{\sqrt{1-\bar\alpha_t}} \hat\epsilon \right)"
ALG_2 = rf"x_{{t-1}} = {MEAN} + \sigma_t z"


def test_an_equation_reads_as_text_for_those_who_hear_it():
    assert plain(parse(r"\hat x_0 = \frac{1}{\sqrt{\bar\alpha_t}} x_t")) == "x\u0302_0 = (1)/(√(α\u0304_t))x_t"
    assert plain(parse(r"@a \sim \N(\0, \I) \text{ if } s > 0", {"a": "z"})) == "z ∼ 𝒩(𝟎,𝐈) if s > 0"


def test_an_accent_belongs_to_its_letter_and_the_subscript_to_both():
    (script,) = parse(r"\hat x_0^2").parts
    assert isinstance(script, Script)
    assert script.base.mark is Mark.HAT
    assert (script.sub, script.sup) == (Symbol("0"), Symbol("2"))


@pytest.mark.parametrize("markup", [r"\frac{1}{2", r"x}", r"\nonsense", r"@missing", r"\left( x", r"x_"])
def test_markup_that_cannot_be_read_is_refused(markup):
    with pytest.raises(ValueError, match=r"."):
        parse(markup)


def test_a_minus_at_the_start_stands_close_and_one_between_two_things_apart(qapp):
    close, apart = typeset(parse("-x")).width, typeset(parse("y-x")).width - typeset(parse("y")).width
    assert apart > close + 0.3


def test_a_fractions_line_lies_on_the_axis_and_covers_what_is_above_and_below(qapp):
    box = typeset(parse(r"\frac{x+y}{2}"))
    line = min((shape.path.boundingRect() for shape in box.shapes), key=lambda area: area.height())
    assert line.center().y() == pytest.approx(-AXIS, abs=1e-6)
    assert line.width() >= typeset(parse("x+y")).width
    assert box.ascent > 1.0 > box.descent > 0.5


def test_a_sum_bears_its_limits_below_and_above_and_beside_it_in_a_fraction(qapp):
    shown = typeset(parse(r"\sum_{i=1}^n")).shapes
    sign, below, above = (shown[index].path.boundingRect() for index in (0, 1, -1))
    assert above.bottom() < sign.top() < sign.bottom() < below.top()
    alone, fraction = (typeset(parse(markup)).width for markup in (r"\frac{\sum}{x}", r"\frac{\sum_i}{x}"))
    assert fraction > alone


def test_an_operator_keeps_off_a_letter_and_close_to_a_parenthesis(qapp):
    def gap(left, right):
        return typeset(parse(f"{left} {right}")).width - typeset(parse(left)).width - typeset(parse(right)).width

    assert gap(r"\log", "x") == pytest.approx(gap(r"\prod", "x")) == pytest.approx(3 / 18)
    assert gap(r"\log", "(") == pytest.approx(0.0)
    assert gap("x", ";") == pytest.approx(0.0)
    assert gap(";", "x") == pytest.approx(3 / 18)


def test_a_hat_sits_over_its_letter(qapp):
    bare, hatted = typeset(parse("x")), typeset(parse(r"\hat x"))
    letter, hat = bare.shapes[0].path.boundingRect(), hatted.shapes[-1].path.boundingRect()
    assert hat.bottom() < letter.top()
    assert letter.left() < hat.center().x() < letter.right()
    assert hatted.ascent > bare.ascent


def test_parentheses_and_roots_grow_with_what_they_hold(qapp):
    for small, large in ((r"\left( x \right)", r"\left( \frac{x}{y} \right)"), (r"\sqrt{x}", r"\sqrt{\frac{x}{y}}")):
        assert typeset(parse(large)).height > 1.5 * typeset(parse(small)).height


def test_an_equation_that_is_too_wide_is_broken_before_a_sign_and_fits(qapp):
    whole, broken = typeset(parse(ALG_2)), typeset(parse(ALG_2), 11.0)
    assert whole.width > 11.0 >= broken.width
    assert broken.height > 1.5 * whole.height


@pytest.mark.parametrize("ratio", [1, 2])
def test_named_parts_are_found_under_the_mouse_and_lit(qtbot, ratio):
    equation = Equation(r"@y = @x + \sqrt{@x}", {"x": "x_t", "y": "y"}, em=20 * ratio)
    qtbot.addWidget(equation)
    equation.resize(equation.sizeHint())
    equation.show()
    pointed = []
    equation.pointed.connect(pointed.append)
    place = equation.centre_of("x")
    QTest.mouseMove(equation, QPointF(1, 1).toPoint())
    QTest.mouseMove(equation, place.toPoint())
    qtbot.waitUntil(lambda: "x" in pointed)
    assert equation.name_at(equation.centre_of("y")) == "y"
    before = equation.grab().toImage()
    equation.show_lit({"x": QColor("#ff0000")})
    lit = equation.grab().toImage()
    assert before != lit
    red = [x for x in range(lit.width()) for y in range(lit.height()) if _red(lit.pixelColor(x, y))]
    assert red
    assert min(red) > equation.centre_of("y").x()


def test_painting_leaves_the_painter_as_it_was(qapp):
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setPen(QColor("#00ff00"))
    typeset(parse(ALG_2)).paint(painter, QPointF(5, 50), 10.0, QColor("#000000"))
    assert painter.pen().color() == QColor("#00ff00")
    assert painter.worldTransform().isIdentity()
    painter.end()
    assert any(image.pixelColor(x, 47).lightness() < 100 for x in range(200))


def _red(colour):
    return colour.red() > 180 and colour.green() < 100
