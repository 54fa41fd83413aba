import pytest

from ddpm_studio.ui.widgets.player import Player


@pytest.fixture
def player(qtbot):
    player = Player("t", 1000, "t/s")
    qtbot.addWidget(player)
    player.set_end(100_000)
    yield player
    player.pause()


def test_the_clock_stands_still_until_what_it_asked_for_is_shown(qtbot, player):
    asked: list[int] = []
    player.moved.connect(asked.append)
    player.play()
    qtbot.waitUntil(lambda: bool(asked))
    qtbot.wait(100)
    assert (asked, player.position) == ([asked[0]], asked[0])
    player.show_position(asked[0])
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert asked[1] - asked[0] < 60  # the time of waiting is not made up for: at 1000 a second it was 100 and more


def test_whoever_shows_at_once_is_asked_on_and_on_to_the_end(qtbot, player):
    asked: list[int] = []
    player.set_end(50)
    player.moved.connect(asked.append)
    player.moved.connect(player.show_position)
    player.play()
    qtbot.waitUntil(lambda: not player.playing)
    assert asked == sorted(set(asked))
    assert asked[-1] == player.position == 50


def test_a_pause_at_the_end_that_goes_back_to_what_is_shown_does_not_lose_the_end(qtbot, player):
    asked: list[int] = []
    player.set_end(3)
    player.moved.connect(asked.append)
    player.moved.connect(player.show_position)
    player.played.connect(lambda playing: playing or player.show_position(1))
    player.play()
    qtbot.waitUntil(lambda: not player.playing)
    assert asked[-1] == player.position == 3
