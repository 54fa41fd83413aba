"""Paths through the tree: every one is replayed to the bit, whatever was kept, and all stay within one budget."""

from dataclasses import replace

import pytest
import torch
from same_steps import assert_same

from ddpm_studio.branch import Branch, Ink, Paste, Stroke
from ddpm_studio.denoiser import Denoiser, Exact
from ddpm_studio.errors import UserError
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.painting import colour_of, covered, painted
from ddpm_studio.process import q_sample
from ddpm_studio.route import Leg, Route, route, trunk
from ddpm_studio.sample import Step, sample
from ddpm_studio.sampler import Ancestral, Ddim, DpmSolver, Heun, Sampler
from ddpm_studio.schedule import Cosine
from ddpm_studio.step import State
from ddpm_studio.tree import Path, Tree, begun, steps

SHAPE = (3, 6, 6)
T = 40
STROKE = Stroke(points=((1.0, 1.0), (4.0, 1.0)), radius=1.0, colour="#ff8000", row=1)


@pytest.fixture(scope="module")
def denoiser() -> Exact:
    return Exact.mixture(Cosine(T=T), torch.rand(30, *SHAPE, generator=torch.Generator().manual_seed(3)) * 2 - 1)


def branch(t: int, sampler: Sampler, **more: object) -> Branch:
    return Branch(-1, t, sampler, **{"seed": 5, "rows": (0, 1, 2), "samples": (0, 1, 2), **more})


def way(sampler: Sampler, *branches: Branch) -> Route:
    return route(trunk(sampler, 5, 3, sampler.stops(T)), branches, T)


def first_state(denoiser: Denoiser, leg: Leg) -> State:
    """Where a trunk begins that is given no picture: noise (Ho et al. 2020, Alg. 2, line 1)."""
    t = leg.times[0]
    return State(t, gaussian(denoiser.shape, seed=leg.seed, samples=leg.samples, t=t, purpose=Purpose.START))


def walk(tree: Tree, along: Route) -> list[Step]:
    """Walks what of the route is missing; every step of it, as it was taken."""
    state, found = None, []
    for leg in along.legs:
        state = first_state(tree.denoiser, leg) if state is None else begun(leg, state, tree.denoiser.schedule)
        done = tree.length(leg)
        for i, step in zip(range(leg.taken), steps(tree.denoiser, leg, state), strict=False):
            if i >= done:
                tree.append(leg, step)
            found.append(step)
        state = tree.standing(leg, leg.taken)() if tree.length(leg) else state
    return found


WAYS = [
    way(Ancestral(steps=20), branch(20, Ddim(steps=10, eta=0.5), seed=8)),
    way(DpmSolver(steps=10), branch(20, DpmSolver(steps=10))),
    way(Ddim(steps=20), branch(30, Heun(steps=5), edits=(STROKE,)), branch(10, Ancestral(steps=40))),
    way(Ancestral(steps=40), branch(25, Ancestral(steps=40), rows=(1, 1, 1, 1), samples=(0, 1, 2, 3))),
]


@pytest.mark.parametrize("along", WAYS, ids=range(len(WAYS)))
@pytest.mark.parametrize("budget", [2**28, 20_000, 4_000])
def test_every_step_of_a_path_comes_again_to_the_bit(denoiser, along, budget):
    tree = Tree(denoiser, budget=budget)
    walked = walk(tree, along)
    path = tree.path(along)
    assert path.finished
    assert [step.t for step in walked] == list(path.times[:-1])
    fan = len(along.legs[-1].samples) != 3
    for i in (*range(len(walked)), *reversed(range(len(walked)))):
        again = path.step(i)
        if fan and i < along.starts[-1]:
            assert torch.equal(again.eps, walked[i].eps[[1, 1, 1, 1]])
        else:
            assert_same(again, walked[i])
        assert torch.equal(path.state(i), again.x)
    assert [step.t for step in path.walk(3)] == list(path.times[3:-1])
    assert torch.equal(path.state(len(path)), walked[-1].next)


@pytest.mark.parametrize("sampler", [Ancestral(steps=20), DpmSolver(steps=20), Ddim(steps=20, eta=1.0)], ids=str)
def test_a_branch_that_changes_nothing_ends_where_its_parent_does(denoiser, sampler):
    along = way(sampler, branch(20, sampler))
    ends = [list(sample(denoiser, sampler, seed=5, samples=range(3)))[-1].next, walk(Tree(denoiser), along)[-1].next]
    assert torch.equal(*ends)


@pytest.mark.parametrize("changed", [{"seed": 6}, {"sampler": Ddim(steps=40)}, {"edits": (replace(STROKE, row=-1),)}])
def test_a_branch_that_changes_something_goes_elsewhere(denoiser, changed):
    same = branch(30, Ancestral(steps=40))
    after = [walk(Tree(denoiser), way(Ancestral(steps=40), each))[12].x for each in (same, replace(same, **changed))]
    assert (after[0] - after[1]).abs().amax((1, 2, 3)).min() > 1e-3


def test_a_child_of_a_fan_does_not_depend_on_how_many_there_are(denoiser):
    ends = [
        walk(
            Tree(denoiser),
            way(Ancestral(steps=40), branch(25, Ancestral(steps=40), rows=(2,) * k, samples=tuple(range(k)))),
        )[-1].next
        for k in (2, 5)
    ]
    torch.testing.assert_close(ends[0], ends[1][:2], rtol=1e-4, atol=1e-5)


def test_the_children_of_a_fan_agree_where_it_leaves_and_differ_at_the_end(denoiser):
    along = way(Ancestral(steps=40), branch(35, Ancestral(steps=40), rows=(2,) * 8, samples=tuple(range(8))))
    tree = Tree(denoiser)
    walk(tree, along)
    path = tree.path(along)
    assert path.state(5).var(0).max() == 0.0
    assert torch.equal(path.state(2)[0], path.state(2)[7])
    assert path.state(len(path)).var(0).max() > 0.01


def test_the_parent_is_walked_once_for_all_that_leave_it(denoiser):
    tree = Tree(denoiser)
    walk(tree, way(Ancestral(steps=40)))
    along = way(Ancestral(steps=40), branch(20, Ddim(steps=10)))
    assert tree.length(along.legs[0]) == 40
    assert len(tree.path(along)) == 20
    assert [tree.path(along).keeps(i) for i in (0, 19)] == [True, True]
    assert torch.equal(tree.path(along).state(20), tree.path(way(Ancestral(steps=40))).state(20))


def test_the_whole_tree_stays_within_its_budget_and_forgets_what_is_not_wanted(denoiser):
    tree = Tree(denoiser, budget=60_000)
    routes = [way(Ancestral(steps=40)), *(way(Ancestral(steps=40), branch(t, Ddim(steps=40))) for t in (35, 25, 15))]
    for along in routes:
        walk(tree, along)
        assert tree.nbytes <= 60_000
    tree.keep_only({leg.branches for leg in routes[1].legs})
    assert tree.length(routes[1].legs[1]) == 35
    assert tree.length(routes[2].legs[1]) == 0


def test_a_path_without_branches_is_its_trajectory(denoiser):
    tree = Tree(denoiser)
    along = way(Ancestral(steps=10))
    walked = walk(tree, along)
    path: Path = tree.path(along)
    assert (len(path), path.times, path.stride) == (10, Ancestral(steps=10).stops(T), 1)
    assert path.around(4) == range(4, 5)
    for step, again in zip(walked, path.walk(), strict=True):
        assert_same(step, again)
    with pytest.raises(IndexError, match="step 10 of 10"):
        path.walk(10)


# --- painting


def test_a_stroke_covers_the_pixels_whose_centres_are_within_its_radius():
    mask = covered(Stroke(points=((1.0, 1.0), (3.0, 1.0)), radius=1.0), 4, 6)
    assert mask.astype(int).tolist() == [[0, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 0], [0, 1, 1, 1, 0, 0], [0] * 6]
    assert covered(Stroke(points=((2.0, 3.0),), radius=0.4), 4, 6).sum() == 1
    assert covered(Stroke(points=(), radius=9.0), 4, 6).sum() == 0


def paint(*edits: Stroke | Paste, channels: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """x_t of two samples, before and after."""
    x = torch.full((2, channels, 6, 6), 0.5)
    return x, painted(x, edits, Cosine(T=T), 20, seed=4, samples=(3, 4))


def eps_of(channels: int = 3) -> torch.Tensor:
    return gaussian((channels, 6, 6), seed=4, samples=(3, 4), t=20, purpose=Purpose.PAINT)


def test_each_ink_leaves_what_it_says():
    dot = Stroke(points=((2.0, 3.0),), radius=0.0, colour="#ff0080")
    colour = torch.tensor([1.0, -1.0, 128 / 127.5 - 1])
    x, plain = paint(replace(dot, ink=Ink.PLAIN))
    torch.testing.assert_close(plain[:, :, 3, 2], colour.expand(2, 3))
    assert (plain != x).sum() == 6
    assert torch.equal(paint(replace(dot, ink=Ink.NOISE))[1][:, :, 3, 2], eps_of()[:, :, 3, 2])
    expected = q_sample(Cosine(T=T), colour.expand(2, 3), 20, eps_of()[:, :, 3, 2])
    torch.testing.assert_close(paint(dot)[1][:, :, 3, 2], expected)
    assert torch.equal(paint(dot, replace(dot, ink=Ink.ERASE))[1], x)


def test_a_stroke_is_painted_on_its_sample_alone():
    x, after = paint(replace(STROKE, row=1))
    assert torch.equal(after[0], x[0])
    assert not torch.equal(after[1], x[1])
    with pytest.raises(UserError, match="sample 2 was painted on, and there are 2"):
        paint(replace(STROKE, row=2))


def test_a_pasted_picture_is_noised_to_t_and_cut_at_the_edge():
    x, after = paint(Paste(picture="pixel-faces:3", x=4, y=-2, size=4, row=0))
    changed = (after != x).any(1)
    assert changed[0].nonzero().tolist() == [[0, 4], [0, 5], [1, 4], [1, 5]]
    assert not changed[1].any()
    assert paint(Paste(picture="pixel-faces:3", size=6), channels=1)[1].shape == (2, 1, 6, 6)


def test_grey_is_the_mean_of_the_three_and_points_cannot_be_painted_on():
    torch.testing.assert_close(colour_of("#ff8000", 1).item(), (255 + 128) / 3 / 127.5 - 1)
    with pytest.raises(UserError, match="only pictures can be painted on"):
        painted(torch.zeros(2, 2), (STROKE,), Cosine(T=T), 20, seed=0, samples=(0, 1))
