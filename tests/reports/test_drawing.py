"""A figure as SVG with words."""

import base64

import matplotlib

from avbaselines.reports.drawing import Drawing, absent, axes, styled, svg


@styled
def drawn():
    figure, axis = axes()
    axis.plot([0, 1], [0, 1])
    axis.set_title("$1 and <2>")
    return svg(figure)


def test_the_same_figure_gives_the_same_bytes():
    assert drawn() == drawn() and drawn().startswith("<svg")


def test_an_address_holds_the_whole_image():
    drawing = Drawing("title", drawn())
    assert base64.b64decode(drawing.data_uri.partition("base64,")[2]).decode() == drawing.svg


def test_the_style_leaves_matplotlib_s_own_settings_alone():
    before = matplotlib.rcParams["axes.grid"]
    assert styled(lambda: matplotlib.rcParams["axes.grid"])() is True
    assert matplotlib.rcParams["axes.grid"] == before


def test_a_figure_that_does_not_apply_says_why():
    assert absent("Traces", "no recordings") == Drawing("Traces", caption="not applicable: no recordings")
