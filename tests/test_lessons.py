"""The chapters of the Learn panel: what can be read, what their buttons do, and their small figures' numbers."""

import numpy as np
import pytest

from ddpm_studio.document import Document
from ddpm_studio.lessons import all_chapters
from ddpm_studio.lessons.actions import ACTIONS, Edit
from ddpm_studio.lessons.chapter import Buttons, Cursor, Equation, Figure, Settings, Text, chapters
from ddpm_studio.lessons.inequalities import (
    chain_numbers,
    gaussian_numbers,
    joint_numbers,
    log_mean_and_mean_log,
    tangent,
)
from ddpm_studio.objective import Target
from ddpm_studio.params import parameters
from ddpm_studio.plane.choices import Click
from ddpm_studio.sampler import SAMPLERS

PAGE = r"""# One
panels: schedule, noising

Two lines
of text.

$ x_t = \frac{a}{b} $  (eq. 4)

> t

> cosine | half

> settings ddim: eta

> figure jensen
"""


def test_a_page_is_read_block_by_block():
    (chapter,) = chapters(PAGE)
    assert (chapter.title, chapter.panels) == ("One", ("schedule", "noising"))
    assert chapter.blocks == (
        Text("Two lines of text."),
        Equation(r"x_t = \frac{a}{b}", "eq. 4"),
        Cursor(),
        Buttons((ACTIONS["cosine"], ACTIONS["half"])),
        Settings("ddim", ("eta",)),
        Figure.JENSEN,
    )


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("# One\n\ntext", "names no panels"),
        ("# One\npanels: noising\n\n> explode", "no button is called 'explode'"),
        ("# One\npanels: noising\n\n> figure moon", "moon"),
        ("# One\npanels: noising\n\n$ x_t", "not an equation"),
    ],
)
def test_what_cannot_be_read_is_named(page, told):
    with pytest.raises(ValueError, match=told):
        chapters(page)


def test_every_setting_in_the_chapters_is_one_of_its_sampler():
    settings = [block for chapter in all_chapters() for block in chapter.blocks if isinstance(block, Settings)]
    assert settings
    for block in settings:
        assert set(block.names) <= {p.name for p in parameters(SAMPLERS[block.kind])}


def test_a_button_pressed_again_changes_nothing_more_except_for_other_noise():
    start = Document()
    for action in ACTIONS.values():
        if isinstance(action, Edit):
            changed = action.changes(start)
            assert Document(**changed) == Document(**action.changes(Document(**changed))) or "noising" in changed
    assert Document(**ACTIONS["predict v"].changes(start)).objective.target is Target.V
    assert Document(**ACTIONS["cosine"].changes(start)).schedule.kind == "cosine"
    assert Document(**ACTIONS["4 steps"].changes(start)).sampler.steps == 4
    assert not Document(**ACTIONS["without noise"].changes(start)).sampler.noise
    compared = Document(**ACTIONS["compare with no noise"].changes(start))
    assert (compared.sampler.noise, compared.second.sampler.noise) == (True, False)
    assert Document(**ACTIONS["show the posterior"].changes(start)).plane.click is Click.POSTERIOR


def test_a_tangent_touches_the_logarithm_at_one_over_its_slope_and_is_above_it_elsewhere():
    x = np.linspace(0.01, 9.0, 500)
    for slope in (0.2, 1.0, 3.7):
        assert (tangent(x, slope) >= np.log(x)).all()
        assert tangent(np.array([1 / slope]), slope)[0] == pytest.approx(-np.log(slope))


def test_jensens_gap_of_two_values_is_that_of_their_means():
    above, below = log_mean_and_mean_log(np.array([1.0, 4.0]), np.array([1.0, 1.0]))
    assert above == pytest.approx(np.log(2.5))
    assert below == pytest.approx(np.log(2.0))  # of the geometric mean
    assert log_mean_and_mean_log(np.array([3.0, 3.0]), np.array([1.0, 2.0])) == pytest.approx(
        (np.log(3.0), np.log(3.0))
    )


def test_a_chain_of_tables_counts_its_entries():
    n, T = 2**3, 5
    assert 10 ** joint_numbers(2, 3, T) == pytest.approx(n ** (T + 1) - 1)
    assert 10 ** chain_numbers(2, 3, T) == pytest.approx((n - 1) + T * n * (n - 1))
    assert 10 ** gaussian_numbers(3, T) == pytest.approx(15)
