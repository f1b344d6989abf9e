"""Names are data: in the terminal, in HTML and SVG, in Markdown and LaTeX, in csv files and on cards."""

import io
import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from browser import opened
from hostile_names import HOSTILE, run
from small_study import people, write_study

from avbaselines.command import plain_console
from avbaselines.corpora.feature_tables import read_features
from avbaselines.corpora.tables import read_table
from avbaselines.experiment.bundles.card import Card
from avbaselines.experiment.bundles.card_text import render_card
from avbaselines.experiment.run_folder import write_extras
from avbaselines.extractors.table import FeatureTable
from avbaselines.reports.leaderboard import leaderboard, render_latex, render_markdown, render_terminal
from avbaselines.reports.page import render_page
from avbaselines.reports.table import escape_latex, escape_markdown

ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SCRIPT = "<p id='seen'></p><script>document.getElementById('seen').textContent = 'ran'</script></body>"


class Tags(HTMLParser):
    """The tags of a page, the names of their attributes, and the addresses of its images."""

    def __init__(self, page):
        super().__init__()
        self.names, self.attributes, self.sources = set(), set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.sources += [value for name, value in attrs if tag == "img" and name == "src"]


@pytest.fixture(scope="module")
def page():
    rows, tables, heading, details, more = run()
    return render_page(rows, tables, heading, details=details, more=more)


def test_a_page_of_hostile_names_holds_no_markup_of_theirs(page):
    assert page.count("<script") == page.count("</script") == 1 and page.count("<style") == 1
    tags = Tags(page)
    assert "img" in tags.names and not any(name.startswith("on") for name in tags.attributes)
    assert all(address.startswith("data:image/svg+xml;base64,") for address in tags.sources)
    assert not ACTING.search(page) and "{{ 7777 * 7777 }}" in page and str(7777 * 7777) not in page


def test_every_figure_is_sound_xml(page):
    drawn = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert len(drawn) > 8
    for figure in drawn:
        text = b64decode(figure).decode()
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(text).iter()}
        assert "script" not in tags and not re.search(r"<[^>]*\sonload=", text) and not ACTING.search(text)


def test_the_page_names_the_scripts_that_may_run(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "unsafe" not in policy and policy.count("sha256-") == 2 and "default-src 'none'" in policy


@pytest.mark.slow
def test_in_a_browser_nothing_of_a_name_runs(page, tmp_path):
    ours = '<th scope="col" data-label="system" data-type="text"'
    assert ours in page
    document, console = opened(page, tmp_path)
    assert "touched" not in console and console == ""
    # The page's own script ran: it fills the list of what to sort by.
    assert document.count("<option") > 5
    found = re.sub(r"<script.*?</script>|<[^>]*>", " ", document, flags=re.S)
    assert "&lt;script&gt;window.touched = 1&lt;/script&gt; 0" in found


@pytest.mark.slow
@pytest.mark.parametrize("put", [SCRIPT, "<img src=x onerror=\"document.title='ran'\"></body>"])
def test_in_a_browser_no_other_script_may_run(page, tmp_path, put):
    document, console = opened(page.replace("</body>", put), tmp_path)
    assert "Content Security Policy" in console
    assert "id=\"seen\">ran" not in document and "id='seen'>ran" not in document and "<title>ran" not in document


def test_a_terminal_gets_no_commands():
    rows, _, heading, _, _ = run()
    for width in (200, 40, 1):
        console = plain_console(file=io.StringIO())
        console.width = width
        console.print(render_terminal(leaderboard(rows, heading)))
        console.print("note: \x1b[2J", highlight=False, soft_wrap=True)
        assert not ACTING.search(console.file.getvalue())


def test_markdown_and_latex_of_hostile_names():
    rows, _, heading, _, _ = run()
    board = leaderboard(rows, heading)
    text, tex = render_markdown(board), render_latex(board)
    assert not ACTING.search(text) and not ACTING.search(tex)
    assert not re.search(r"(?<!\\)<\w", text) and not re.search(r"\]\(|\]:", text.replace("\\](", ""))
    for command in ("input", "write", "catcode"):
        assert f"\\{command}" not in tex
    cells = {line.count("|") - line.count("\\|") for line in text.splitlines() if line.startswith("|")}
    assert len(cells) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_every_name_stays_on_one_line(text):
    for escaped in (escape_latex(text), escape_markdown(f"{text}\nnext")):
        assert "\n" not in escaped and not ACTING.search(escaped)


@pytest.mark.parametrize("text", ["# a", "> a", "- a", "+ a", "1. a", "1) a", "---", "&amp;", "a ~~b~~", "$x$"])
def test_markdown_reads_no_markup_at_the_beginning(text):
    assert "\\" in escape_markdown(text)


@pytest.mark.parametrize("text", ["-.05", "[.55, .68]", "95 % [a, b]", "R&D", "a#b", "1.5"])
def test_figures_need_no_escapes(text):
    assert escape_markdown(text) == text


def test_a_card_is_plain_text():
    names = [name for name in HOSTILE if name.isprintable()]
    card = Card(system="it's `x`", targets=[], study=HOSTILE[0], paper=HOSTILE[1], notes=names, sha256="")
    text = render_card(card)
    assert not re.search(r"(?<!\\)<\w", text) and not ACTING.search(text)
    assert """--system 'it'"'"'s `x`' MEDIA""" in text


FORMULAS = ["=1+1", "+1+cmd", "-1+1", "@SUM(A1)", "'=1", "''+a", "plain"]


def test_csv_cells_run_nowhere_and_join_here(tmp_path):
    frame = pd.DataFrame({"clip_id": FORMULAS, "=note": FORMULAS, "x": [-1.5, 2, 3, 4, 5, 6, 7]})
    write_extras(tmp_path, {"x.csv": frame})
    written = (tmp_path / "x.csv").read_text()
    assert not re.search(r"(?:^|,)\"?[=+@]", written, re.M) and not re.search(r"(?:^|,)\"?-(?!1\.5)", written, re.M)
    read = read_table(tmp_path / "x.csv", key="x", ids=["clip_id"])
    assert read["clip_id"].tolist() == FORMULAS == read["=note"].tolist() and read["x"][0] == -1.5


def test_feature_tables_come_back(tmp_path):
    status = pd.DataFrame({"status": ["ok"] * 2}, index=["=a", "b"])
    table = FeatureTable(["=a", "b"], np.array([[1.0], [-2.0]], np.float32), ["=f"], status)
    table.save(tmp_path / "x.csv")
    assert "'=a" in (tmp_path / "x.csv").read_text()
    again = FeatureTable.load(tmp_path / "x.csv")
    assert again.clip_id.tolist() == ["=a", "b"] and again.columns == ["=f"] and again.X.tolist() == [[1.0], [-2.0]]
    features = read_features(tmp_path / "x.csv", "x")
    assert features.ids.tolist() == ["=a", "b"] and features.columns == ["=f"]


def test_a_run_over_formulas_joins_and_writes_none(tmp_path):
    clips = people(6, 4)
    clips["clip_id"] = [f"={name}" for name in clips["clip_id"]]
    clips["speaker"] = [f"@{name}" for name in clips["speaker"]]
    clips["arousal"] = range(24)
    face = pd.DataFrame({"=f": [k % 7 for k in range(24)], "g": 1.0}, index=clips["clip_id"])
    study = write_study(tmp_path, clips, {"face.csv": face}, targets={"arousal": {"metric": "ccc"}}, title="=t")
    found = study.run()
    assert not found.result.failed
    assert set(found.predictions()["clip_id"]) == set(clips["clip_id"])
    for path in found.folder.glob("*.csv"):
        assert not re.search(r"(?:^|,)\"?[=@]", path.read_text(), re.M), path
