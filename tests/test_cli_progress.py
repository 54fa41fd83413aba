"""Progress on stderr: nothing for what is quick, one living line on a terminal, a line now and then elsewhere."""

import io

import pytest

from ddpm_studio.cli import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def told(monkeypatch):
    """Runs `watched` over items that take so many seconds each; what was written to such a stream."""

    def run(stream, seconds):
        now = [0.0]
        monkeypatch.setattr(progress.sys, "stderr", stream)
        monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
        taken = []
        for item in progress.watched(iter(range(len(seconds))), len(seconds), "steps"):
            now[0] += seconds[item]
            taken.append(item)
        assert taken == list(range(len(seconds)))
        return stream.getvalue()

    return run


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_what_takes_less_than_a_second_says_nothing(told, stream):
    assert told(stream(), [0.09] * 10) == ""


def test_a_log_gets_a_line_at_once_and_then_every_ten_seconds(told):
    lines = told(io.StringIO(), [1.0] * 30).splitlines()
    assert lines == ["steps 1/30, 29 s left", "steps 11/30, 19 s left", "steps 21/30, 9 s left"]


def test_minutes_are_told_as_minutes(told):
    assert told(io.StringIO(), [2.0] * 61).splitlines()[0] == "steps 1/61, 2 min 00 s left"


def test_a_terminal_s_line_is_rewritten_and_at_last_removed(told):
    text = told(Terminal(), [0.5] * 4)
    assert "\n" not in text
    assert [part for part in text.split(progress.CLEAR) if part] == [
        "steps 2/4, 1 s left",
        "steps 3/4, 0 s left",
        "steps 4/4, 0 s left",
    ]
    assert text.endswith(progress.CLEAR)


def test_a_run_that_fails_leaves_a_clean_line(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(progress.sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)

    def failing():
        yield 1
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it is the very one raised above
        list(progress.watched(failing(), 2, "steps"))
    assert stream.getvalue().endswith(progress.CLEAR)


def test_a_part_of_the_next_counts_for_the_time_left_and_what_was_there_before_does_not(monkeypatch):
    now, stream = [0.0], io.StringIO()
    monkeypatch.setattr(progress.sys, "stderr", stream)
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    told = progress.Told(100, "pictures", before=40)
    now[0] = 6.0
    told.reached(40)
    now[0] = 20.0
    told.reached(40, ", batches of 32", part=10.0)
    assert stream.getvalue().splitlines() == [
        "pictures 40/100, 6 min 00 s left",
        "pictures 40/100, batches of 32, 1 min 40 s left",
    ]
