"""Progress within a clip: from the worker's word to the line a person sees."""

import io
import json
import sys

import pytest
from films import filmed

from avbaselines.extract import _Bars, _clip_line, main
from avbaselines.extractors import clip_progress, extract
from avbaselines.extractors.clip_progress import ClipProgress, ClipState, running_clips


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(clip_progress.time, "monotonic", lambda: now[0])
    return now


def test_frames_rate_and_time_left_are_told(tmp_path, clock):
    with ClipProgress(tmp_path, "talk.mp4", 300) as progress:
        clock[0] += 10
        progress.report(60)
        (state,) = running_clips(tmp_path)
    assert state == ("talk.mp4", 60, 300, 6.0)
    assert state.seconds_left == 40
    assert _clip_line(state).plain == "  talk.mp4: 60/300 frames, 6.0 a second, 0:00:40 left"


def test_a_recording_that_does_not_tell_its_length_has_no_time_left():
    state = ClipState("talk.flv", 60, 0, 6.0)
    assert state.seconds_left is None
    assert _clip_line(state).plain == "  talk.flv: 60 frames, 6.0 a second"


def test_the_disk_is_written_to_twice_a_second_at_most(tmp_path, clock):
    with ClipProgress(tmp_path, "talk.mp4", 300) as progress:
        for done in range(1, 101):
            clock[0] += 0.01
            progress.report(done)
        (state,) = running_clips(tmp_path)
    assert state.done == 51


def test_a_watcher_who_has_gone_does_not_stop_the_work(tmp_path):
    with ClipProgress(tmp_path / "gone", "talk.mp4", 300) as progress:
        progress.report(1)
    with ClipProgress(None, "talk.mp4", 300) as progress:
        progress.report(1)


def test_half_a_word_is_passed_over(tmp_path):
    (tmp_path / "1.json").write_text('["talk.mp4", 5')
    (tmp_path / "2.json").write_text(json.dumps(["walk.mp4", 5, 10, 1.0]))
    assert [state.clip for state in running_clips(tmp_path)] == ["walk.mp4"]


def test_extractors_tell_it_where_they_are_asked_to(tmp_path, stub_mesh, monkeypatch):
    told = []
    monkeypatch.setattr(ClipProgress, "report", lambda self, done: told.append((self._clip, done, self._expected)))
    extract("face-mesh", {"talk": filmed(tmp_path / "talk.mp4")}, cache=False, watch=str(tmp_path))
    assert told == [("talk.mp4", done, 20) for done in range(1, 21)]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_person_sees_the_clips_that_are_worked_on(tmp_path, monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with _Bars("face-mesh") as (progress, watch):
        progress(3, 10, "walk")
        with ClipProgress(watch, "talk.mp4", 300) as clip:
            clip.report(60)
            _refresh()
    assert "3/10" in screen.getvalue()
    assert "talk.mp4: 60/300 frames" in screen.getvalue()


def _refresh():
    import time

    time.sleep(0.6)  # bars are drawn four times a second


def test_what_needs_no_weights_says_so(capsys):
    assert main(["face-mesh", "--fetch"]) == 0
    assert capsys.readouterr().out == "face-mesh: needs no weights\n"
    assert main(["--fetch"]) == 2
    assert "give a recipe" in capsys.readouterr().err
