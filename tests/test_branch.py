"""Branches as values: to JSON and back, what is refused, and the routes that follow from them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddpm_studio.branch import (
    TRUNK,
    Branch,
    Ink,
    Paste,
    Stroke,
    branches_from_json,
    checked,
    lineage,
    with_descendants,
    without,
)
from ddpm_studio.errors import UserError
from ddpm_studio.route import route, trunk
from ddpm_studio.sampler import Ancestral, Ddim, DpmSolver

T = 100
TRUNK_ROUTE = trunk(Ancestral(steps=10), 5, 3, Ancestral(steps=10).stops(T))
EDITS = (Stroke(ink=Ink.NOISE, points=((1.0, 2.5), (4.0, 2.0)), row=1), Paste(picture="fashion:7", x=-2, size=9))


def branch(t: int = 50, parent: int = TRUNK, **more: object) -> Branch:
    given = {"sampler": Ancestral(steps=20), "seed": 9, "rows": (0, 1, 2), "samples": (0, 1, 2), **more}
    return Branch(parent, t, **given)


@given(
    st.builds(
        Branch,
        parent=st.integers(-1, 5),
        t=st.integers(1, 4000),
        sampler=st.builds(Ddim, steps=st.integers(1, 4000), eta=st.floats(0, 1)),
        seed=st.integers(0, 2**63 - 1),
        rows=st.just((3, 3)),
        samples=st.just((0, 7)),
        name=st.text(),
        edits=st.just(EDITS),
    )
)
def test_a_branch_comes_back_from_json_equal_and_with_the_same_hash(made):
    back = Branch.from_json(json.loads(json.dumps(made.to_json())), "branch")
    assert back == made
    assert hash(back) == hash(made)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"t": 0}, "t must be from 1"),
        ({"t": "5"}, "t must be a whole number"),
        ({"parent": -2}, "parent"),
        ({"rows": [0]}, "as many samples as rows"),
        ({"rows": []}, "as many samples as rows"),
        ({"rows": [64, 0, 0]}, "rows are 0 to 63"),
        ({"rows": 5}, "rows must be a list"),
        ({"sampler": {"kind": "wave"}}, "unknown kind 'wave'"),
        ({"edits": [{"kind": "spray"}]}, "unknown kind 'spray'"),
        ({"edits": [{"kind": "stroke", "colour": "red"}]}, "a colour is written #rrggbb"),
        ({"colour": 1}, "unknown 'colour'"),
        ({"name": 1}, "name must be text"),
    ],
)
def test_a_wrong_branch_is_refused_in_one_line_that_names_the_fault(change, part):
    with pytest.raises(UserError) as refusal:
        branches_from_json([{**branch().to_json(), **change}])
    assert part in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_branch_lacking_what_it_needs_is_refused_by_name():
    with pytest.raises(UserError, match="branch 0: seed, t missing"):
        branches_from_json([{k: v for k, v in branch().to_json().items() if k not in ("t", "seed")}])


def test_a_branch_comes_after_its_parent_and_the_one_looked_at_is_there():
    assert checked([branch(), branch(parent=0)], 1) == (branch(), branch(parent=0))
    with pytest.raises(UserError, match="does not come before it"):
        checked([branch(parent=0)], 0)
    with pytest.raises(UserError, match="branch must be −1"):
        checked([branch()], 1)


def test_deleting_a_branch_deletes_what_leaves_it_and_moves_up_the_others():
    tree = (branch(90), branch(80), branch(70, 0), branch(60, 2), branch(50, 1))
    assert with_descendants(tree, 0) == {0, 2, 3}
    left, places = without(tree, 0)
    assert left == (branch(80), branch(50, 0))
    assert places == {TRUNK: TRUNK, 1: 0, 4: 1}


def test_a_lineage_leads_from_the_trunk_and_does_not_know_names():
    tree = (branch(90, name="first"), branch(80), branch(70, 0, name="third"))
    assert lineage(tree, 2) == (branch(90), branch(70))
    assert lineage(tree, TRUNK) == ()


@pytest.mark.parametrize(("t", "leaves"), [(50, 50), (52, 50), (55, 60), (99, 100), (1, 10)])
def test_a_branch_leaves_from_the_visited_state_nearest_to_its_t(t, leaves):
    found = route(TRUNK_ROUTE, (branch(t),), T)
    assert found.legs[-1].times[0] == leaves
    above = tuple(s for s in TRUNK_ROUTE.times if s > leaves)
    assert found.times == (*above, *Ancestral(steps=20).stops(T, leaves))


def test_a_branch_goes_on_where_it_is_if_its_sampler_never_visits_that_t():
    found = route(TRUNK_ROUTE, (branch(70, sampler=Ddim(steps=3)),), T)
    assert found.times == (100, 90, 80, 70, 67, 33, 0)
    assert found.starts == (0, 3)


def test_a_branch_of_a_fan_that_leaves_before_the_fan_leaves_the_trunk_with_the_fans_sample():
    fan = branch(50, rows=(2, 2, 2, 2), samples=(0, 1, 2, 3))
    found = route(TRUNK_ROUTE, (fan, branch(80, rows=(3, 0), samples=(0, 1))), T)
    assert [leg.rows for leg in found.legs] == [(), (2, 2)]
    assert found.legs[1].times[0] == 80


def test_only_the_same_sampler_on_an_untouched_state_goes_on_as_it_was():
    solver = DpmSolver(steps=10)
    start = trunk(solver, 5, 3, solver.stops(T))
    assert route(start, (branch(50, sampler=solver),), T).legs[1].last == 60
    assert route(start, (branch(50, sampler=solver, edits=EDITS),), T).legs[1].last is None
    assert route(start, (branch(50, sampler=DpmSolver(steps=20)),), T).legs[1].last is None


def test_a_branch_of_a_sample_that_there_is_not_is_refused_and_says_what_to_do():
    with pytest.raises(UserError, match="begins as sample 3, and there are 3; draw more samples, or delete"):
        route(TRUNK_ROUTE, (branch(rows=(0, 3), samples=(0, 1)),), T)


def test_legs_of_different_branches_are_told_apart_and_a_name_makes_no_difference():
    one = route(TRUNK_ROUTE, (branch(50),), T).legs[1].branches
    assert route(TRUNK_ROUTE, (replace(branch(51), name="x"),), T).legs[1].branches == one
    for other in (branch(60), branch(50, seed=1), branch(50, rows=(0, 0, 0)), branch(50, edits=EDITS)):
        assert route(TRUNK_ROUTE, (other,), T).legs[1].branches != one
