"""`replay` and `inspect` as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.cli import main
from streams import related, wide_records


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """Write a file of related series, one of which breaks away."""
    path = tmp_path / "story.ndjson"
    values = related(seed=5, ticks=900, break_at=700)
    path.write_bytes(b"\n".join(wide_records(values)) + b"\n")
    return path


def warned(
    command: str, file: Path, folder: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> str:
    """Run a command on a file; returns the warnings on standard error."""
    out = ["--out", str(folder / "out")] if command == "replay" else []
    capsys.readouterr()
    main([command, str(file), *out, *more])
    lines = capsys.readouterr().err.splitlines(keepends=True)
    return "".join(line for line in lines if line.startswith("hebbstream: warning"))


@pytest.mark.slow
def test_replay_writes_events_and_prints_a_summary(
    story: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The events are in the folder, the incidents and figures on the screen."""
    out = tmp_path / "out"

    code = main(["replay", str(story), "--out", str(out)])

    shown = capsys.readouterr().out
    events = [json.loads(line) for line in (out / "events.ndjson").read_text().splitlines()]
    assert code == 0
    assert events[0]["state"] == "open"
    assert "incidents (1 of 1)" in shown
    assert "5,400" in shown


def test_inspect_shows_components_and_associations(
    story: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is learnt from a file is shown as tables, and how many samples that is from."""
    code = main(["inspect", str(story)])

    shown = capsys.readouterr().out
    assert code == 0
    assert "6 series" in shown
    assert "associations" in shown
    assert "5,400" in shown


def test_inspect_says_which_groups_there_are_instead(
    story: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A group that the file does not make is a refusal, not an empty answer."""
    code = main(["inspect", str(story), "--group", "card", "--label", "service=cart"])

    told = capsys.readouterr()
    assert code == 2
    assert told.out == ""
    assert f"{story} makes no group 'card'; there are '" in told.err


def test_brackets_in_a_folder_are_no_markup(
    story: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line of a replay names the folder as it is."""
    out = tmp_path / "out[" / "b]"

    code = main(["replay", str(story), "--out", str(out)])

    assert code == 0
    assert f"written to {out}\n" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["replay", "inspect", "produce"])
def test_a_missing_file_is_one_clear_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is not there is named, without a traceback."""
    code = main([command, str(tmp_path / "nothing.csv")])

    error = capsys.readouterr().err
    assert code == 2
    assert "nothing.csv: no such file" in error
    assert "Traceback" not in error


@pytest.mark.parametrize("name", ["folder.csv", f"{'a' * 300}.csv", "own.csv/b.csv"])
def test_what_is_no_file_is_one_clear_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, a name no file can have, and one below a file are named, without a traceback."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "own.csv").write_text("t,a\n")

    code = main(["replay", str(tmp_path / name), "--out", str(tmp_path / "out")])

    error = capsys.readouterr().err
    assert code == 2
    assert error.startswith(f"hebbstream: {tmp_path / name}: ")
    assert error.count("\n") == 1


def test_a_label_without_a_value_is_refused(
    story: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A label that is not name=value says how to write it."""
    code = main(["inspect", str(story), "--label", "service"])

    assert code == 2
    assert "--label service: write name=value" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["replay", "inspect", "produce"])
def test_a_clock_that_stands_still_is_one_clear_line(
    command: str, story: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An impossible step is a usage error of one line in every command that reads files."""
    code = main([command, str(story), "--seconds-per-unit", "nan"])

    assert code == 2
    assert capsys.readouterr().err == (
        "hebbstream: --seconds-per-unit nan: write seconds, more than 0, for example 60\n"
    )


@pytest.mark.parametrize("name", ["empty.csv", "empty.ndjson"])
@pytest.mark.parametrize("command", ["replay", "inspect"])
def test_a_file_without_rows_is_one_warning(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A header alone, or no line at all, is no fault, but it is said."""
    file = tmp_path / name
    file.write_text("t,a\n" if name.endswith(".csv") else "")
    out = ["--out", str(tmp_path / "out")] if command == "replay" else []

    code = main([command, str(file), *out])

    assert code == 0
    assert capsys.readouterr().err == (
        f"hebbstream: warning: {file} holds no rows, so nothing was learnt\n"
    )


@pytest.mark.parametrize("command", ["replay", "inspect"])
def test_a_file_of_which_nothing_can_be_used_is_one_warning(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Records that are all refused are no fault either, and not passed over in silence."""
    file = tmp_path / "other.ndjson"
    file.write_text('not json\n{"name": "a", "timestamp": "soon", "value": 1}\n')
    out = ["--out", str(tmp_path / "out")] if command == "replay" else []

    code = main([command, str(file), *out])

    assert code == 0
    assert capsys.readouterr().err == (
        f"hebbstream: warning: {file} holds no sample that could be used, so nothing was learnt\n"
    )


@pytest.mark.parametrize("command", ["replay", "inspect"])
def test_rows_without_times_are_one_warning(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows that count as seconds are seldom meant; once somebody says so, it is not said again."""
    file = tmp_path / "untimed.csv"
    file.write_text("When,a\n" + "".join(f"{60 * row},1\n" for row in range(300)))

    said = [
        warned(command, file, tmp_path, capsys, *more)
        for more in ([], ["--time-column", "When"], ["--seconds-per-unit", "60"])
    ]

    assert said == [
        f"hebbstream: warning: {file} has no column t, time, timestamp, ts, so its rows are taken "
        "for a second apart: name its times (--time-column), or say how far apart "
        "(--seconds-per-unit)\n", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "remedy"),
    [
        ("{format: influx}", "HEBBSTREAM__INPUT__FORMAT=json"),
        ("{format: wide_array, columns: [a]}",
         "HEBBSTREAM__INPUT__FORMAT=json HEBBSTREAM__INPUT__COLUMNS="),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["replay", "inspect", "produce"])
def test_a_table_is_not_read_in_another_format(
    command: str,
    config: str,
    remedy: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows become JSON, so another format is refused before all of them are dead letters."""
    file, settings = tmp_path / "a.csv", tmp_path / "h.yaml"
    file.write_text("t,a\n60,1\n")
    settings.write_text(f"input: {config}\n")

    code = main([command, str(file), "--config", str(settings)])

    assert code == 2
    assert capsys.readouterr().err.endswith(f"for this file set {remedy}\n")
    for setting in remedy.split():
        monkeypatch.setenv(*setting.split("="))
    assert main(["inspect", str(file), "--config", str(settings)]) == 0


@pytest.mark.parametrize("command", ["replay", "inspect"])
def test_rows_out_of_order_are_one_warning(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Samples that come late say how many they are, and what helps."""
    file = tmp_path / "backwards.csv"
    file.write_text("t,a\n" + "".join(f"{60 * row},1\n" for row in range(300, 0, -1)))

    said = warned(command, file, tmp_path, capsys)

    assert said == (
        f"hebbstream: warning: 298 of 300 samples came late: if rows of {file} are not in order "
        "of time, sort it, or raise framing.lateness (30 s)\n"
    )


def test_it_says_that_it_will_compile_only_where_it_will(tmp_path: Path) -> None:
    """A first run is silent for a minute or two; whoever waits knows why."""
    program = "from daemon.commands.files import tell_of_compiling; tell_of_compiling()"

    cold, warm = (
        subprocess.run(
            [sys.executable, "-c", program], env=os.environ | place, capture_output=True,
            text=True, check=True,
        ).stderr
        for place in ({"NUMBA_CACHE_DIR": str(tmp_path)}, {})
    )  # fmt: skip

    assert "compiling kernels" in cold
    assert warm == ""


def test_an_output_folder_that_cannot_be_written_is_a_fault_of_the_call(
    story: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and the folder's name, before anything is learnt."""
    (tmp_path / "out").write_text("")

    code = main(["replay", str(story), "--out", str(tmp_path / "out")])

    assert code == 2
    assert f"{tmp_path / 'out'}: cannot be written" in capsys.readouterr().err
