"""What all figures share: the same bytes for the same figure, texts as texts, and a place where there is none."""

import base64
import re
import warnings

import matplotlib

from avbaselines.reports.drawing import STYLE, Drawing, absent, axes, compact, styled, svg


@styled
def drawn():
    figure, axis = axes(width=3, height=2)
    axis.plot([0, 1], [0, 1], label="$a_1")
    axis.set_xlabel("words")
    axis.legend()
    return svg(figure), figure.get_size_inches()


def test_the_same_figure_is_the_same_text_and_its_words_stay_words():
    (first, size), (second, _) = drawn(), drawn()
    assert first == second and tuple(size) == (3, 2)
    assert first.startswith("<svg") and ">words<" in first and ">$a_1<" in first
    assert not re.search(r"<dc:date>", first)


def test_the_style_leaves_matplotlibs_own_settings_alone():
    before = dict(matplotlib.rcParams)
    drawn()
    assert dict(matplotlib.rcParams) == before and before["svg.fonttype"] != STYLE["svg.fonttype"]


def test_the_address_holds_the_image():
    address = Drawing("t", svg="<svg>é</svg>").data_uri
    kind, _, content = address.partition(",")
    assert kind == "data:image/svg+xml;base64" and base64.b64decode(content).decode() == "<svg>é</svg>"


def test_a_figure_that_does_not_apply_says_why():
    place = absent("title", "no clips")
    assert (place.title, place.svg, place.caption) == ("title", "", "not applicable: no clips")


def test_a_sign_that_the_font_lacks_is_a_word_like_others_and_no_warning():
    figure, axis = axes()
    axis.set_title("怒り")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "怒り" in styled_svg(figure)


@styled
def styled_svg(figure):
    return svg(figure)


def test_what_is_left_out_is_not_seen():
    """Places keep a hundredth of a point, words and referenced names all their digits and letters."""
    text = (
        '<svg>\n <metadata>\n  <dc:title>x</dc:title>\n </metadata>\n <g id="axes_1">\n'
        '  <path id="m1" d="M 1.23456 -0.987654 \nL 2 3" clip-path="url(#c1)"/>\n  <clipPath id="c1"/>\n'
        '  <text x="9.87654" transform="scale(0.015625)">0.12345</text>\n <use xlink:href="#m1" y="4.4444"/></g></svg>'
    )
    small = compact(text)
    assert small == (
        '<svg><g><path id="m1" d="M 1.23 -0.98 \nL 2 3" clip-path="url(#c1)"/><clipPath id="c1"/>'
        '<text x="9.87" transform="scale(0.015625)">0.12345</text><use xlink:href="#m1" y="4.44"/></g></svg>'
    )
    assert compact(small) == small
