"""Parameters: read from annotations, checked when made, parsed from text, to JSON and back."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import pytest

from ddpm_studio.errors import UserError
from ddpm_studio.params import Knots, Parameters, Range, one_of, parameters, parse_knots


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Paint(Parameters):
    coats: Annotated[int, Range(1, 9), "how often"] = 2
    gloss: Annotated[float, Range(0.0, 1.0, log=True, names=(("matt", 0.0), ("full", 1.0))), "how shiny"] = 0.5
    colour: Annotated[Colour, "which"] = Colour.RED
    dry: Annotated[bool, "wait between coats"] = True
    maker: Annotated[str, "whose"] = "us"
    curve: Annotated[Knots, "a curve"] = ((0.0, 1.0),)
    layers: Annotated[tuple[int, ...], Range(1, 9), "how thick"] = (1, 2)
    plain: float = 1.5

    kind = "paint"


@dataclass(frozen=True)
class Water(Parameters):
    kind = "water"


PARAMETERS = {p.name: p for p in parameters(Paint)}


def test_the_parameters_are_the_fields_in_order_with_range_help_and_default():
    assert list(PARAMETERS) == ["coats", "gloss", "colour", "dry", "maker", "curve", "layers", "plain"]
    gloss = PARAMETERS["gloss"]
    assert (gloss.type, gloss.default, gloss.help, gloss.range.log) == (float, 0.5, "how shiny", True)
    assert (PARAMETERS["curve"].type, PARAMETERS["curve"].range, PARAMETERS["curve"].many) == (tuple, None, False)
    assert (PARAMETERS["layers"].type, PARAMETERS["layers"].range, PARAMETERS["layers"].many) == (
        int,
        Range(1, 9),
        True,
    )
    assert (PARAMETERS["plain"].help, PARAMETERS["plain"].range) == ("", None)


def test_a_flag_is_the_name_with_dashes():
    @dataclass(frozen=True)
    class Long(Parameters):
        beta_end_value: float = 1.0

    assert [p.flag for p in parameters(Long)] == ["--beta-end-value"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"coats": 0}, "paint: coats must be between 1 and 9, but is 0"),
        ({"coats": 10}, "paint: coats must be between 1 and 9, but is 10"),
        ({"coats": 2.0}, "paint: coats must be a whole number, but is 2.0"),
        ({"coats": True}, "paint: coats must be a whole number, but is True"),
        ({"coats": None}, "paint: coats must be a whole number, but is None"),
        ({"gloss": 1.01}, "paint: gloss must be between 0 and 1, but is 1.01"),
        ({"gloss": float("nan")}, "paint: gloss must be between 0 and 1, but is nan"),
        ({"gloss": float("inf")}, "paint: gloss must be between 0 and 1, but is inf"),
        ({"gloss": "half"}, "paint: gloss must be a number, but is 'half'"),
        ({"gloss": True}, "paint: gloss must be a number, but is True"),
        ({"colour": "green"}, "paint: colour must be one of red, blue, but is 'green'"),
        ({"colour": ["red"]}, "paint: colour must be one of red, blue, but is ['red']"),
        ({"dry": 1}, "paint: dry must be true or false, but is 1"),
        ({"maker": 5}, "paint: maker must be text, but is 5"),
        ({"layers": (1, 10)}, "paint: layers must be between 1 and 9, but is 10"),
        ({"layers": (1, 2.5)}, "paint: layers must be a whole number, but is 2.5"),
        ({"layers": 5}, "paint: layers must be a list, but is 5"),
        ({"layers": "12"}, "paint: layers must be a list, but is '12'"),
        ({"curve": 5}, "paint: curve must be pairs of numbers [u, value]"),
        ({"curve": [[0.0]]}, "paint: curve must be pairs of numbers [u, value]"),
        ({"curve": [[0.0, "1"]]}, "paint: curve must be pairs of numbers [u, value]"),
        ({"curve": [[0.0, True]]}, "paint: curve must be pairs of numbers [u, value]"),
        ({"curve": ["01", "12"]}, "paint: curve must be pairs of numbers [u, value]"),
    ],
)
def test_a_wrong_value_is_refused_with_owner_name_rule_and_value(fields, message):
    with pytest.raises(UserError) as refusal:
        Paint(**fields)
    assert str(refusal.value) == message


@pytest.mark.parametrize("fields", [{"coats": 10**400}, {"gloss": 10**400}, {"gloss": -(10**400)}])
def test_a_number_too_large_for_a_float_is_refused_like_any_other(fields):
    with pytest.raises(UserError, match="must be between"):
        Paint(**fields)


def test_a_knot_too_large_for_a_float_is_refused():
    with pytest.raises(UserError, match="pairs of numbers"):
        Paint(curve=((0.0, 10**400),))


def test_values_take_the_type_of_their_field():
    paint = Paint(gloss=1, colour="blue", curve=[[0, 1], [1, 2]])
    assert type(paint.gloss) is float
    assert paint.colour is Colour.BLUE
    assert paint.curve == ((0.0, 1.0), (1.0, 2.0))
    assert hash(paint) == hash(Paint(gloss=1.0, colour=Colour.BLUE, curve=((0.0, 1.0), (1.0, 2.0))))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("coats", "7", 7),
        ("gloss", "0.25", 0.25),
        ("gloss", "1e-3", 0.001),
        ("gloss", "matt", 0.0),
        ("gloss", "full", 1.0),
        ("colour", "blue", Colour.BLUE),
        ("dry", "No", False),
        ("dry", "1", True),
        ("dry", "off", False),
        ("maker", "them", "them"),
        ("curve", "0:1, 0.5:2.5 1:3", ((0.0, 1.0), (0.5, 2.5), (1.0, 3.0))),
        ("layers", "1, 2 4", (1, 2, 4)),
        ("layers", "3", (3,)),
        ("layers", "none", ()),
        ("plain", "-2", -2.0),
    ],
)
def test_text_becomes_the_value_it_means(name, text, value):
    assert PARAMETERS[name].parsed(text) == value


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("coats", "many", "coats: 'many' is not a whole number"),
        ("coats", "2.5", "coats: '2.5' is not a whole number"),
        ("coats", "12", "coats must be between 1 and 9, but is 12"),
        ("gloss", "shiny", "gloss: 'shiny' is not a number"),
        ("gloss", "nan", "gloss must be between 0 and 1, but is nan"),
        ("colour", "green", "colour must be one of red, blue"),
        ("dry", "perhaps", "dry: 'perhaps' is neither yes nor no"),
        ("layers", "1,x", "layers: 'x' is not a whole number"),
        ("layers", "1,10", "layers must be between 1 and 9, but is 10"),
        ("curve", "0:1:2", "knots are written u:value"),
        ("curve", "here", "knots are written u:value"),
    ],
)
def test_text_that_means_nothing_is_refused_with_the_parameter_s_name(name, text, part):
    with pytest.raises(UserError) as refusal:
        PARAMETERS[name].parsed(text)
    assert part in str(refusal.value)


def test_no_text_is_no_knots():
    assert parse_knots(" ") == ()


def test_json_of_a_kind_names_it_and_comes_back_equal():
    paint = Paint(coats=3, colour=Colour.BLUE, curve=((0.0, 1.0), (1.0, 0.5)), layers=(4, 5))
    data = paint.to_json()
    assert data["layers"] == [4, 5]
    assert data["kind"] == "paint"
    assert data["colour"] == "blue"
    assert data["curve"] == [[0.0, 1.0], [1.0, 0.5]]
    assert one_of({"paint": Paint, "water": Water}, data, "thing") == paint


def test_what_json_leaves_out_takes_its_default():
    assert Paint.from_json({"kind": "paint", "coats": 5}, "thing") == Paint(coats=5)


def test_unknown_keys_are_refused_and_all_named():
    with pytest.raises(UserError, match="thing: unknown 'roller', 'zebra'; known are coats, colour"):
        Paint.from_json({"zebra": 1, "coats": 1, "roller": 2}, "thing")


@pytest.mark.parametrize("kind", ["ink", None, 5, ["paint"]])
def test_an_unknown_kind_is_refused_and_the_known_are_named(kind):
    with pytest.raises(UserError, match=r"thing: unknown kind .*; known are paint, water"):
        one_of({"paint": Paint, "water": Water}, {"kind": kind}, "thing")


@pytest.mark.parametrize("data", [None, 5, "paint", ["paint"]])
def test_json_that_is_no_object_is_refused_with_where_it_was(data):
    with pytest.raises(UserError, match="thing must be a JSON object, but is"):
        one_of({"paint": Paint}, data, "thing")
