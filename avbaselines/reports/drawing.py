"""Colours, size and style of all figures of the report, and a figure as SVG with words."""

import base64
import io
import re
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from avbaselines.safe_text import shown

if TYPE_CHECKING:
    # Imported by the functions that draw: a run whose figures are there already does without it.
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
T = TypeVar("T")

# M. Okabe & K. Ito, "Color universal design" (2008): eight colours told apart with every kind of colour vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#6b6b6b"
WIDTH, HEIGHT = 4.4, 3.4  # inches; drawn at about 350 px on a phone, where 9 pt is still legible
RASTER_FROM = 1500  # points of a scatter above which it is an image inside the SVG, which keeps the page small

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif", "font.size": 9, "axes.titlesize": 9, "axes.labelsize": 9, "xtick.labelsize": 8,
    "ytick.labelsize": 8, "legend.fontsize": 8, "legend.frameon": False, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": "#e4e4e4", "grid.linewidth": 0.6,
    "axes.axisbelow": True, "svg.fonttype": "none", "svg.hashsalt": "avbaselines", "text.parse_math": False,
}  # fmt: skip


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """Decorator of every function that draws: the style holds while it runs, and matplotlib's own settings stay.

    Examples
    --------
    >>> import matplotlib
    >>> styled(lambda: matplotlib.rcParams["legend.frameon"])()
    False
    """

    @wraps(draw)
    def in_style(*arguments: P.args, **options: P.kwargs) -> T:
        import matplotlib

        with matplotlib.rc_context(STYLE):
            return draw(*arguments, **options)

    return in_style


@dataclass(frozen=True)
class Drawing:
    """A figure ready for the page, or the reason why there is none.

    Attributes
    ----------
    title, caption : str
    alt : str
        The figure in words, for those who cannot see it.
    svg : str
        The image; empty where the figure does not apply, the caption then says why.
    table : list of list of str
        Figures worth reading beside the image, the first row being the heads.

    Examples
    --------
    >>> Drawing("Stages", svg="<svg/>").data_uri
    'data:image/svg+xml;base64,PHN2Zy8+'
    """

    title: str
    svg: str = ""
    alt: str = ""
    caption: str = ""
    table: list[list[str]] = field(default_factory=list)

    @property
    def data_uri(self) -> str:
        """The SVG as an address an ``img`` takes; as an image of its own its ids cannot clash with other figures'."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg.encode()).decode()


def absent(title: str, reason: str) -> Drawing:
    """The place of a figure that does not apply.

    Examples
    --------
    >>> absent("Traces", "no recordings").caption
    'not applicable: no recordings'
    """
    return Drawing(title, caption=f"not applicable: {reason}")


def axes(width: float = WIDTH, height: float = HEIGHT) -> "tuple[Figure, Axes]":
    """A figure of its own (no pyplot state) with one pair of axes; sizes in inches.

    Examples
    --------
    >>> figure, axis = axes(width=4, height=2)
    >>> figure.get_size_inches().tolist()
    [4.0, 2.0]
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, figure.subplots()


def svg(figure: "Figure") -> str:
    """The figure as SVG text, the same bytes for the same figure (no date, no random ids).

    Words stay words, so that a sign that matplotlib's font lacks is drawn in the reader's own.

    Examples
    --------
    >>> svg(axes()[0])[:4]
    '<svg'
    """
    stream = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(stream, format="svg", dpi=150, metadata={"Date": None})
    text = stream.getvalue()
    # Names in it are text to XML, which holds no control signs.
    return compact(shown(text[text.index("<svg") :]))


STYLES, RULES = re.compile(r' style="([^"]*)"'), '<style type="text/css">'
PLACE, DIGITS = re.compile(r' (?:d|x|y|points)="[^"]*"'), re.compile(r"(\.\d\d)\d+")


def compact(text: str) -> str:
    """An SVG text without what nobody sees: places beyond a hundredth of a point, metadata, names that nothing uses.

    What is drawn in the same style says so by a class.

    Examples
    --------
    >>> compact('<svg> <g id="axes_1">\\n <path d="M 1.23456 2" id="p1"/></g><use href="#p1"/></svg>')
    '<svg> <g><path d="M 1.23 2" id="p1"/></g><use href="#p1"/></svg>'
    """
    text = PLACE.sub(lambda place: DIGITS.sub(r"\1", place.group()), text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r">\s*\n\s*<", "><", text)
    text = _classed(text)
    used = set(re.findall(r"#(\w+)", text))
    return re.sub(r' id="([^"]*)"', lambda name: name.group() if name.group(1) in used else "", text)


def _classed(text: str) -> str:
    """Styles that stand there twice or more, once each among the rules of the image: half of its text."""
    counts = Counter(STYLES.findall(text))
    names = {style: f"s{number}" for number, style in enumerate(style for style in counts if counts[style] > 1)}
    if RULES not in text or not names:
        return text
    rules = "".join(f".{name}{{{style}}}" for style, name in names.items())
    text = text.replace(RULES, f"{RULES}{rules}", 1)
    return STYLES.sub(lambda style: f' class="{names[style.group(1)]}"' if style.group(1) in names else style[0], text)
