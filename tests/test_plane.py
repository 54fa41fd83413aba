import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from ddpm_studio.cli import main
from ddpm_studio.data import PointData, load
from ddpm_studio.denoiser import Exact
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.levels import Probe
from ddpm_studio.likelihood import ReverseVariance, bound
from ddpm_studio.plane.choices import Look, Plane, Shown
from ddpm_studio.plane.contours import contour
from ddpm_studio.plane.density import Lattice, density, noise_at_centres
from ddpm_studio.plane.judged import judged
from ddpm_studio.plane.keeping import keep
from ddpm_studio.plane.learning import learned
from ddpm_studio.plane.metrics import Field, energy_distance, log_likelihood
from ddpm_studio.plane.walks import walks
from ddpm_studio.plane.world import ARROWS, SHARES, World, level_lines, same_level
from ddpm_studio.process import q_posterior, q_sample, score_from_eps
from ddpm_studio.run import checkpoint_named
from ddpm_studio.sampler import SAMPLERS, Ancestral
from ddpm_studio.schedule import Cosine, Linear

SCHEDULE = Linear()


def gaussian(x, mean, variance):
    return torch.exp(-(x - mean).square().sum(-1) / (2 * variance)) / (2 * math.pi * variance)


@pytest.fixture(scope="module")
def roll():
    return load("swiss-roll")


@pytest.fixture(scope="module")
def network():
    return checkpoint_named("checkpoint:swiss-roll").denoiser()


@pytest.mark.parametrize("t", [50, 200, 1000])
def test_that_the_density_is_the_sum_of_its_kernels(roll, t):
    exact, lattice = Exact.of(SCHEDULE, roll), Lattice(256)
    seen = density(exact, t, lattice)
    places = lattice.places[:: 256 * 7 + 3]
    root, variance = SCHEDULE.sqrt_alpha_bar[t], seen.variance
    expected = gaussian(places[:, None], float(root) * exact.means, variance).mean(1)
    found = seen.mass.reshape(-1)[:: 256 * 7 + 3]
    assert torch.allclose(found, expected, rtol=0.02, atol=2e-4 * float(seen.mass.max()))


@pytest.mark.parametrize("t", [0, 1, 30, 300])
@pytest.mark.parametrize("finite", [True, False])
def test_that_nothing_of_the_density_falls_between_two_cells(roll, t, finite):
    exact = Exact.finite(SCHEDULE, roll) if finite else Exact.of(SCHEDULE, roll)
    lattice = Lattice(128)
    seen = density(exact, t, lattice)
    inside = 1.0 - 1e-5 if t <= 30 else 0.98
    assert inside <= float(seen.mass.sum()) * lattice.cell**2 <= 1.0 + 1e-5
    assert seen.mass.isfinite().all()


def test_that_at_t_0_the_density_of_points_is_their_histogram(roll):
    lattice = Lattice(32)
    found = density(Exact.finite(SCHEDULE, roll), 0, lattice).mass * lattice.cell**2 * len(roll.train)
    edges = lattice.edges.numpy()
    expected, _, _ = np.histogram2d(roll.train[:, 1], roll.train[:, 0], bins=[edges, edges])
    assert np.abs(found.numpy() - expected).sum() < 0.01 * len(roll.train)  # points on an edge are in both cells


@pytest.mark.parametrize("t", [1, 4, 100, 500, 1000])
@pytest.mark.parametrize("finite", [True, False])
@pytest.mark.parametrize("lattice", [ARROWS, Lattice(64)])
def test_that_the_noise_at_centres_is_what_the_exact_denoiser_says_there(roll, t, finite, lattice):
    world = World.of(roll, SCHEDULE, finite=finite, network=None, seed=0)
    assert torch.allclose(world.exact_eps(lattice, t), world.exact(lattice.places, t).eps, atol=2e-3)
    some = torch.arange(3, lattice.side**2, 7)
    assert torch.equal(world.exact_eps(lattice, t, some), world.exact_eps(lattice, t)[some])


def test_that_weights_count_in_the_noise_at_centres():
    means = torch.tensor([[-1.0, 0.3], [1.0, -0.2], [0.1, 0.9]])
    exact = Exact.mixture(SCHEDULE, means, 0.01, torch.log(torch.tensor([3.0, 1.0, 0.2])))
    lattice = Lattice(16)
    assert torch.allclose(noise_at_centres(exact, 400, lattice), exact(lattice.places, 400).eps, atol=1e-4)


def test_that_weights_of_components_count():
    means = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    exact = Exact.mixture(SCHEDULE, means, 0.01, torch.log(torch.tensor([3.0, 1.0])))
    mass = density(exact, 0, Lattice(64)).mass
    assert mass[:, :32].sum() / mass[:, 32:].sum() == pytest.approx(3.0, rel=1e-4)


def test_that_the_products_score_is_that_of_the_exact_denoiser(roll):
    exact, lattice, t = Exact.of(SCHEDULE, roll), Lattice(128), 300
    found = density(exact, t, lattice).score().reshape(-1, 2)
    expected = score_from_eps(SCHEDULE, t, exact(lattice.places, t).eps)
    here = lattice.places.norm(dim=1) < 1.5
    assert torch.allclose(found[here], expected[here], atol=0.02)


def test_that_a_level_line_of_a_cone_is_a_circle():
    side, cell = 81, 0.05
    axis = np.arange(side, dtype=np.float32) * cell - 2.0
    cone = np.hypot(axis[:, None], axis[None])
    pieces = contour(-cone, -1.3, -2.0, cell)
    radius = np.linalg.norm(pieces.reshape(-1, 2), axis=1)
    assert np.abs(radius - 1.3).max() < 0.003
    assert np.linalg.norm(pieces[:, 1] - pieces[:, 0], axis=1).sum() == pytest.approx(2 * np.pi * 1.3, rel=1e-3)


def test_that_a_level_that_nothing_crosses_has_no_line():
    assert contour(np.ones((5, 7), np.float32), 2.0, 0.0, 1.0).shape == (0, 2, 2)


def test_that_level_lines_hold_the_shares_of_a_gaussians_mass():
    exact = Exact.mixture(SCHEDULE, torch.zeros(1, 2), 0.2)
    pieces = level_lines(density(exact, 0, Lattice(128)))
    radii = np.linalg.norm(pieces.reshape(-1, 2), axis=1)
    for share in SHARES:
        radius = math.sqrt(-2 * 0.2 * math.log(1 - share))
        assert np.abs(radii - radius).min() < 0.01
    assert radii.max() == pytest.approx(math.sqrt(-2 * 0.2 * math.log(1 - SHARES[-1])), rel=0.02)


def test_that_energy_distance_is_0_for_one_density_and_known_for_shifted_points():
    rng = torch.Generator().manual_seed(0)
    one, other = torch.randn(2000, 2, generator=rng), torch.randn(2000, 2, generator=rng)
    assert abs(energy_distance(one, other)) < 0.005
    far = energy_distance(one, other + torch.tensor([100.0, 0.0]))
    assert far == pytest.approx(2 * 100 - 2 * math.sqrt(math.pi), rel=0.01)  # E‖X − X′‖ = √π in two dimensions


def test_that_the_likelihood_of_a_gaussian_is_its_entropy():
    exact = Exact.mixture(SCHEDULE, torch.zeros(1, 2), 0.25)
    x0 = 0.5 * torch.randn(20000, 2, generator=torch.Generator().manual_seed(1))
    found = log_likelihood(exact, x0)
    assert found.bits == pytest.approx(1.04710, abs=4 * found.stderr)  # ½ log2(2πe s²)
    assert 0.0 < found.stderr < 0.01


def test_that_points_without_a_density_have_no_likelihood(roll):
    with pytest.raises(ValueError, match="no density"):
        log_likelihood(Exact.finite(SCHEDULE, roll), torch.zeros(1, 2))


def test_that_the_exact_denoiser_has_no_error_of_its_score_and_zero_has_all(roll):
    exact = Exact.of(SCHEDULE, roll)
    field = Field.of(exact, Probe.of(roll, SCHEDULE, 100, 4))
    assert field.errors(exact).max() == 0.0
    wide = Exact.gaussian(SCHEDULE, 1e6, (2,))  # knows nothing: ε̂ is next to 0
    expected = [float(eps.square().mean()) for eps in field.eps]
    assert field.errors(wide)[0] == pytest.approx(expected[0], rel=0.05)


def test_that_the_shipped_network_is_close_to_the_exact_score(roll, network):
    field = Field.of(Exact.of(network.schedule, roll), Probe.of(roll, network.schedule, 250, 8))
    errors = field.errors(network)
    assert errors.max() < 0.1
    assert errors[field.log_snr < 3.0].max() < 0.01


def test_that_the_bound_is_above_the_exact_likelihood_and_near_it(roll, network):
    found = next(judged(World.of(roll, SCHEDULE, finite=False, network=network, seed=0)))
    for curve in (found.of_exact, found.of_network):
        total = bound(SCHEDULE, curve, ReverseVariance.OPTIMUM).total
        assert found.truth.bits - 2 * found.truth.stderr < total < found.truth.bits + 0.3
    assert "network" in found.in_words(SCHEDULE)
    assert "−log₂ q(x₀)" in found.in_words(SCHEDULE)


def test_that_points_alone_have_a_bound_and_no_likelihood(roll):
    found = next(judged(World.of(roll, SCHEDULE, finite=True, network=None, seed=0)))
    assert found.truth is None
    assert found.errors is None
    assert found.in_words(SCHEDULE).startswith("bits/dim: bound ")


def test_that_particles_are_the_closed_form_at_every_t(roll):
    world = World.of(roll, SCHEDULE, finite=False, network=None, seed=3)
    x0, eps = world.particles
    assert np.array_equal(world.particles_at(0), x0.numpy())
    assert np.allclose(world.particles_at(400), q_sample(SCHEDULE, x0, 400, eps).numpy())
    other = replace(world, seed=4)
    assert not np.allclose(other.particles_at(400), world.particles_at(400))


def test_that_arrows_are_those_of_the_guide_that_is_asked_for(roll, network):
    world = World.of(roll, SCHEDULE, finite=False, network=network, seed=0)
    assert np.allclose(world.arrows(Look.EXACT, 100), -world.exact(ARROWS.places, 100).eps, atol=1e-4)
    assert np.allclose(world.arrows(Look.NETWORK, 100), -network(ARROWS.places, 100).eps)
    assert world.arrows(Look.NOTHING, 100) is None
    assert world.arrows(Look.EXACT, 0) is None
    assert replace(world, network=None).arrows(Look.NETWORK, 100) is None


def test_that_a_network_of_another_schedule_is_asked_at_its_own_t_of_that_noise_level(roll, network):
    assert same_level(SCHEDULE, SCHEDULE, 77) == 77
    t = same_level(Cosine(), SCHEDULE, 500)
    assert SCHEDULE.log_snr[t] == pytest.approx(Cosine().log_snr[500], abs=0.01)
    world = World.of(roll, Cosine(), finite=False, network=network, seed=0)
    assert world.matched
    assert np.allclose(world.arrows(Look.NETWORK, 500), -network(ARROWS.places, t).eps)
    assert not world.under(SCHEDULE).matched


def test_that_a_perfect_network_has_no_error_anywhere(roll):
    world = World.of(roll, SCHEDULE, finite=False, network=Exact.of(SCHEDULE, roll), seed=0)
    assert world.errors(world.density(100)).max() < 1e-4
    assert world.errors(world.density(0)) is None


def test_that_the_posterior_is_that_of_equation_7(roll):
    world, t = World.of(roll, SCHEDULE, finite=True, network=None, seed=0), 300
    found = world.posterior(0.4, -0.3, t)
    assert np.linalg.norm(roll.train - found.x0, axis=1).min() < 1e-6
    nearest = roll.train[np.linalg.norm(SCHEDULE.sqrt_alpha_bar[t] * roll.train - (0.4, -0.3), axis=1).argmin()]
    assert found.x0 == pytest.approx(tuple(nearest.tolist()))
    mean, variance = q_posterior(SCHEDULE, torch.tensor([found.x0]), torch.tensor([[0.4, -0.3]]), t)
    assert found.mean == pytest.approx(mean[0].tolist(), abs=1e-6)
    assert found.deviation == pytest.approx(float(variance) ** 0.5)


def test_that_walks_begin_in_the_place_that_was_clicked_and_end_at_the_data(roll):
    exact, plane = Exact.of(SCHEDULE, roll), Plane(x=1.5, y=-0.5, chains=5, compared=("ancestral", "ddim", "heun"))
    found = list(walks(exact, plane, Ancestral(steps=30), torch.from_numpy(roll.x0(held_out=True))))
    assert [walk.sampler.kind for walk in found] == ["ancestral", "ddim", "heun"]
    for walk in found:
        assert walk.states.shape == (len(walk.times), 5, 2)
        assert np.allclose(walk.states[0], (1.5, -0.5))
        assert float(exact.distance(torch.from_numpy(walk.states[-1])).max()) < 0.1
        assert walk.distance is None
        assert not walk.sampler.clip
    assert np.allclose(found[1].states[:, 0], found[1].states[:, 1])  # DDIM draws nothing
    assert not np.allclose(found[0].states[-1, 0], found[0].states[-1, 1])
    assert found[0].at(1.0) == len(found[0].times) - 1
    assert found[0].at(0.0) == 0


@pytest.mark.parametrize("kind", SAMPLERS)
def test_that_every_sampler_brings_samples_of_the_density(roll, network, kind):
    plane = Plane(shown=Shown.SAMPLES, compared=(kind,))
    own = SAMPLERS[kind](steps=60)
    (walk,) = walks(network, plane, own, torch.from_numpy(roll.x0(held_out=True)))
    assert walk.sampler == replace(own, clip=False)
    assert walk.states.shape[1:] == (500, 2)
    assert walk.distance < 0.02  # noise alone is at 0.1


def test_that_the_plane_trains_by_the_trainer_and_its_error_falls(roll):
    plane = Plane(steps=60, batch=256)
    document = Document(plane=plane).of_plane.fitting(roll)
    values = list(learned(document, roll))
    looks = [value for value in values if value is not None]
    assert values.count(None) == 60  # one for each step
    assert looks[-1].step == 60
    assert looks[-1].errors.shape == looks[-1].log_snr.shape
    zero = Field.of(Exact.of(SCHEDULE, roll), Probe.of(roll, SCHEDULE, 250, 8))
    untrained = np.array([float(eps.square().mean()) for eps in zero.eps])
    assert looks[-1].errors.mean() < 0.5 * untrained.mean()


def test_that_what_learned_in_the_plane_is_kept_as_a_checkpoint_that_sample_takes(roll, tmp_path):
    document = Document(plane=Plane(dataset="mixture:0.5,0.5 -0.5,0", steps=5, batch=64))
    data = load(document.plane.dataset)
    *_, look = learned(document.of_plane.fitting(data), data)
    path = tmp_path / "mine.safetensors"
    keep(look, data, path)
    opened = checkpoint_named(str(path))
    assert (opened.header.step, opened.header.shape, opened.header.digest) == (5, (2,), data.digest)
    x = torch.from_numpy(roll.x0()[:9])
    assert torch.equal(opened.denoiser()(x, 200).eps, look.denoiser(x, 200).eps)
    assert main(["sample", "--checkpoint", str(path), "-n", "7", "--steps", "3", "--out", str(tmp_path / "p.npz")]) == 0
    assert np.load(tmp_path / "p.npz")["samples"].shape == (7, 2)


def test_that_the_planes_document_trains_its_points_and_leaves_the_rest():
    document = Document(dataset="fashion", plane=Plane(dataset="rings", width=33, target="x0"))
    made = document.of_plane
    assert made.dataset == "rings"
    assert made.network.width == 32
    assert made.objective.target == "x0"
    assert made.schedule == document.schedule
    assert made.noising == document.noising
    assert made.plane == document.plane


def test_that_a_batch_is_cut_down_to_the_points_there_are(roll):
    few = PointData("few", roll.train[:40], roll.test[:0])
    assert Document().of_plane.fitting(few).training.batch == 38  # two are held out
    assert Document().of_plane.fitting(roll).training.batch == Plane().batch


def test_that_a_plane_comes_back_from_json():
    document = Document(plane=Plane(dataset="mixture:0.5,0.5 -0.5,0", look=Look.DIFFERENCE, compared=("ddim",), x=-1.0))
    assert Document.from_json(document.to_json()) == document
    with pytest.raises(UserError, match="plane: look must be one of"):
        Document.from_json(document.to_json() | {"plane": {"look": "nothing"}})
