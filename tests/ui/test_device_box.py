"""The box of devices: found in the background, chosen once for all starts."""

import pytest

from ddpm_studio.device import Device
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets import device_box
from ddpm_studio.ui.widgets.device_box import DeviceBox
from ddpm_studio.ui.window.main_window import MainWindow

GPU, CPU = Device("cuda:0", "a GPU", 8 * 2**30), Device("cpu", "2 cores", 2**30)


@pytest.fixture
def there(monkeypatch):
    found = [GPU, CPU]
    monkeypatch.setattr(device_box, "devices", lambda: tuple(found))
    return found


@pytest.fixture
def make(qtbot):
    made = []

    def show(session):
        box = DeviceBox(session)
        qtbot.addWidget(box)
        made.append(box)
        return box

    yield show
    for box in made:
        for job in box.findChildren(Job):
            job.close()


def listed(box):
    return [box.itemData(i) for i in range(box.count())]


def test_devices_are_listed_with_what_is_free_and_the_fastest_is_taken(qtbot, make, there):
    box = make(Session())
    assert box.name == "auto"  # before they have answered
    qtbot.waitUntil(lambda: listed(box) == ["cuda:0", "cpu"])
    assert box.name == "cuda:0"
    assert box.currentText() == "cuda:0: 8.0 GiB free, a GPU"


def test_what_was_chosen_is_the_session_s_and_stays_chosen_when_they_are_asked_again(qtbot, make, there):
    session = Session()
    box = make(session)
    qtbot.waitUntil(lambda: box.count() == 2)
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert session.device == "cpu"
    there.insert(1, Device("cuda:1", "another", 2**30))
    box.survey()
    qtbot.waitUntil(lambda: box.count() == 3)
    assert box.name == "cpu"


def test_a_device_that_is_gone_gives_way_to_the_fastest(qtbot, make, there):
    session = Session()
    session.set_device("cuda:7")
    box = make(session)
    qtbot.waitUntil(lambda: box.count() == 2)
    assert box.name == "cuda:0"


def test_the_choice_is_remembered_between_starts(qtbot, settings):
    first = MainWindow(Session(), settings)
    qtbot.addWidget(first)
    first.session.set_device("cuda:1")
    second = MainWindow(Session(), settings)
    qtbot.addWidget(second)
    assert second.session.device == "cuda:1"
