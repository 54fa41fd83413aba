"""A file is whole or absent, and what went wrong is one line."""

import errno
import os
import stat

import pytest

from ddpm_studio.errors import UserError
from ddpm_studio.files import reading, write_bytes, write_text, writing


def one_line(error):
    return "\n" not in str(error.value) and len(str(error.value)) > 20


def fail_half_way(target, fault):
    with writing(target) as part:
        part.write_bytes(b"ne")
        raise fault


def test_what_the_block_wrote_takes_the_place_of_the_target_and_nothing_else_is_left(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with writing(target) as part:
        part.write_text("new")
        assert target.read_text() == "old"
        assert part.parent == tmp_path
        assert part.suffix == ".txt"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("fault", [ValueError("x"), KeyboardInterrupt(), UserError("told already"), MemoryError()])
def test_a_failure_half_way_leaves_the_old_file_and_no_temporary_one(tmp_path, fault):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with pytest.raises(type(fault)) as raised:
        fail_half_way(target, fault)
    assert raised.value is fault
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_half_way_of_a_new_file_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        fail_half_way(tmp_path / "a.bin", ZeroDivisionError())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "permission denied"), (errno.EROFS, "read-only"), (None, "odd")],
)
def test_a_failing_disk_is_told_in_one_line(tmp_path, number, told):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    fault = OSError("odd\nthing") if number is None else OSError(number, os.strerror(number))
    with pytest.raises(UserError, match=told) as error, writing(target):
        raise fault
    assert one_line(error)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_array_that_is_cut_short_on_the_disk_means_that_it_is_full(tmp_path):
    with pytest.raises(UserError, match="the disk is full"), writing(tmp_path / "a.npy"):
        raise OSError("38400 requested and 36832 written")  # as numpy.ndarray.tofile has it


def test_a_rename_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")

    def refuse(*_):
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(UserError, match="permission denied"):
        write_bytes(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_target_that_is_a_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="it is a folder"):
        write_text(tmp_path, "x")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nowhere does not exist"):
        write_text(tmp_path / "nowhere" / "a.txt", "x")


def test_a_file_that_stands_where_a_folder_should_is_refused(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(UserError, match="does not exist"):
        write_text(tmp_path / "file" / "a.txt", "x")
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("locked", ["folder", "file"])
def test_what_may_not_be_written_is_refused(tmp_path, locked):
    target = tmp_path / "a.txt"
    target.write_text("old")
    (tmp_path if locked == "folder" else target).chmod(0o555)
    try:
        with pytest.raises(UserError, match="cannot write"):
            write_text(target, "new")
        assert target.read_text() == "old"
    finally:
        tmp_path.chmod(0o755)


def test_a_name_too_long_is_told(tmp_path):
    with pytest.raises(UserError, match="too long"):
        write_text(tmp_path / ("n" * 300), "x")
    assert list(tmp_path.iterdir()) == []


def test_the_longest_name_the_system_allows_can_be_written(tmp_path):
    write_text(tmp_path / ("n" * 255), "x")
    assert (tmp_path / ("n" * 255)).read_text() == "x"


def test_text_is_utf8_with_its_own_line_ends(tmp_path):
    write_text(tmp_path / "a.txt", "β\r\nᾱ\n")
    assert (tmp_path / "a.txt").read_bytes() == "β\r\nᾱ\n".encode()


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes and links")
def test_permissions_are_a_new_files_or_those_of_the_file_replaced(tmp_path):
    write_text(tmp_path / "new", "x")
    (tmp_path / "plain").touch()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    (tmp_path / "plain").chmod(0o640)
    write_text(tmp_path / "plain", "y")
    assert stat.S_IMODE((tmp_path / "plain").stat().st_mode) == 0o640


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes and links")
def test_a_symbolic_link_stays_one_and_its_target_gets_the_content(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize(("name", "told"), [("absent", "no such file"), (".", "it is a folder")])
def test_reading_what_cannot_be_read_is_one_line(tmp_path, name, told):
    path = tmp_path / name
    with pytest.raises(UserError, match=told) as error, reading(path):
        path.read_bytes()
    assert one_line(error)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (MemoryError(), "more memory than there is"),
        (ValueError("bad\nbytes"), r"damaged or not what its name says \(bad bytes\)"),
        (OSError("no number"), "damaged"),
        (EOFError(), r"damaged .*\(EOFError\)"),
        (UserError("told already, and more"), "^told already, and more$"),
    ],
)
def test_whatever_a_decoder_raises_becomes_one_line(tmp_path, fault, told):
    with pytest.raises(UserError, match=told) as error, reading(tmp_path / "a"):
        raise fault
    assert one_line(error)
