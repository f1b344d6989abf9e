"""Standings as tables and as a page."""

from html.parser import HTMLParser

import pytest
from run_folders import picked, row, write_run

from avbaselines.finished_run import find_runs
from avbaselines.reports.standings import standings
from avbaselines.reports.standings_views import (
    COLUMNS,
    standings_grid,
    standings_markdown,
    standings_page,
    standings_table,
)

HARM = "<script>alert('x')</script>"


@pytest.fixture
def rows(tmp_path):
    folder = tmp_path / "runs here" / "a&b"
    others = [row(f"LSTM{HARM}", 0.55, kind="reported"), row("svr", "", status="failed")]
    write_run(folder, [picked(HARM, 0.5, note="= a note"), *others], title=HARM)
    write_run(tmp_path / "old" / "a&b", [picked("svr|x", 0.4)])
    return standings(find_runs([tmp_path / "runs here"]), find_runs([tmp_path / "old"]))


class Tags(HTMLParser):
    """Tags and links of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.links = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name == "href"]


def test_the_page_escapes_names_and_links_to_reports(rows, tmp_path):
    page = standings_page(rows, f"Mine {HARM}", tmp_path, [f"Not run again: {HARM}"])
    tags = Tags(page)
    assert "script" not in tags.tags and HARM not in page
    assert "runs%20here/a%26b/report.html" in tags.links
    assert "+.100" in page and "(1 failed)" in page and "inside the interval" in page


def test_markdown_escapes_too(rows):
    text = standings_markdown(rows)
    assert "\\<script>" in text and "svr\\|x" in text and "| moved |" in text.splitlines()[0]


def test_the_table_has_a_row_a_figure(rows):
    table = standings_table(rows)
    assert list(table) == list(COLUMNS)
    record = table.to_dict("records")[0]
    assert (record["before"], record["rival_value"], record["failed"]) == (0.4, 0.55, 1)
    assert record["change"] == pytest.approx(0.1) and record["verdict"] == "inside the interval"


def test_columns_that_say_nothing_are_left_out(tmp_path):
    write_run(tmp_path / "mine", [picked("late", 0.5)])
    alone = standings(find_runs([tmp_path]))
    assert standings_grid(alone).heads == ["study", "picked", "score", "against the best of others"]
    assert standings_grid(alone).rows == [["mine", "late", "mean ccc .50", "–"]]
    assert "before" not in standings_page(alone, "Mine", tmp_path).split("<body>")[1].split("caption")[0]
