"""A chart: a matplotlib figure that becomes small inline SVG in the page's own colours and fonts."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from xml.etree import ElementTree

from tallysheet.errors import DataError
from tallysheet.tables import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours as drawn, and the page's tokens that replace them, so that dark mode needs no second chart.
_TOKENS = {
    "#1b1f24": "ink",
    "#595959": "muted",
    "#7d858e": "prior",
    "#d5d9de": "rule",
    "#e9edf1": "band",
    "#0059a8": "blue",
    "#b34700": "orange",
    "#ffffff": "paper",
}
INK, MUTED, PRIOR, RULE, BAND, BLUE, ORANGE, PAPER = _TOKENS
_LINK = "{http://www.w3.org/1999/xlink}href"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tallysheet",
    "figure.dpi": 72,
    "savefig.dpi": 72,
    "font.family": "DejaVu Sans",
    "font.size": 12.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.linewidth": 1,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "xtick.bottom": False,
    "ytick.left": False,
    "lines.linewidth": 1.5,
    "lines.scale_dashes": False,
    "lines.solid_capstyle": "round",
}


@dataclass(frozen=True)
class Chart:
    """A chart for a wide page and, where it needs one, for a phone.

    Parameters
    ----------
    alt : str
        The finding in words, for those who do not see the chart.
    wide : Figure
        Drawn at 72 dots an inch, so that a point is a CSS pixel.
    narrow : Figure or None
        The same for a phone; None where one size serves both.

    Raises
    ------
    DataError
        The alt text is empty.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> Chart("Nothing to see yet.", Figure(figsize=(2, 1))).html.html
    '<svg class="chart" role="img" aria-label="Nothing to see yet." viewBox="0 0 144 72" ...></svg>'
    """

    alt: str
    wide: Figure
    narrow: Figure | None = None

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise DataError(
                "chart", "an alt text that states the finding", "an empty one", "Write the finding."
            )

    @cached_property
    def html(self) -> Html:
        """Both sizes as inline SVG; the page shows one."""
        if self.narrow is None:
            return Html(inline_svg(self.wide, self.alt))
        return Html(inline_svg(self.wide, self.alt, "wide") + inline_svg(self.narrow, self.alt, "narrow"))

    def _repr_html_(self) -> str:
        return self.html._repr_html_()


_ON_PHONES = ContextVar("on_phones", default=True)


@contextlib.contextmanager
def for_screens() -> Iterator[None]:
    """Draw charts for JupyterLab alone, in half the time: it is on no phone, and beside a list of files."""
    before = _ON_PHONES.set(False)
    try:
        yield
    finally:
        _ON_PHONES.reset(before)


_Size = TypeVar("_Size")


def sizes(wide: _Size, narrow: _Size, screen: _Size | None = None) -> tuple[_Size, ...]:
    """Give the sizes in which a chart is drawn: both, or `for_screens` its own, else the wide one."""
    return (wide, narrow) if _ON_PHONES.get() else (screen or wide,)


@contextlib.contextmanager
def drawing_style() -> Iterator[None]:
    """Draw in our style whatever the notebook has set, so that pages are the same everywhere."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def inline_svg(drawing: Figure, alt: str, size: str = "") -> str:
    """Save as SVG and keep only shapes and texts.

    matplotlib's own style rules, metadata, groups and ids go: the rules would restyle the page, and
    without ids nothing can clash on it.

    Parameters
    ----------
    drawing : Figure
        Drawn in `drawing_style`, without clipping.
    alt : str
        What a screen reader says.
    size : str
        A further class, by which the page shows one of two sizes.
    """
    buffer = io.StringIO()
    with drawing_style():
        drawing.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(buffer.getvalue())
    marks = {f"#{path.get('id')}": path.get("d", "") for path in root.iterfind(".//{*}defs/{*}path")}
    shapes = [shape for element in _drawn(root) for shape in _shape(element, marks)]
    body = ""
    for style, group in itertools.groupby(shapes, key=lambda shape: shape.style):
        body += _group(style, list(group))
    width, height = (round(inches * 72) for inches in drawing.get_size_inches())
    shown = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    classes = f"chart {size}".strip()
    return f'<svg class="{classes}" role="img" aria-label="{escape(alt)}" {shown}>{body}</svg>'


class _Shape(NamedTuple):
    """A shape: its style, and the steps of its path or, of any other, its markup."""

    style: str
    path: str = ""
    markup: str = ""


def _group(style: str, shapes: Sequence[_Shape]) -> str:
    """Put shapes of one style together; lines, and dots that are drawn as lines, are one path."""
    paths = [shape.path for shape in shapes if shape.path]
    if style.startswith("fill:none") and paths:
        paths = ["".join(paths)]
    drawn = [f'<path d="{path}"/>' for path in paths]
    return f'<g style="{style}">{"".join([*drawn, *(shape.markup for shape in shapes)])}</g>'


def _drawn(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Walk through what is drawn: all but definitions and metadata."""
    for child in element:
        if child.tag.rpartition("}")[2] in ("defs", "metadata"):
            continue
        yield child
        yield from _drawn(child)


def _shape(element: ElementTree.Element, marks: dict[str, str]) -> Iterator[_Shape]:
    """Give the shape of an element; groups and empty paths give nothing."""
    kind, style = element.tag.rpartition("}")[2], _tokens(element.get("style", ""))
    x, y = (_rounded(element.get(axis, "0")) for axis in "xy")
    if kind == "path" and style != "fill:none" and element.get("d"):
        yield _Shape(style, _tight(element.get("d", "")))
    elif kind == "use":
        mark = marks[element.get(_LINK, "")]
        # matplotlib draws a round mark as eight curves from its lowest point; any other shape stays as it is.
        if mark.count("C") == 8:
            yield _dot(style, x, y, _rounded(mark.split()[2]))
        else:
            moved = f'<path d="{_rounded(mark)}" transform="translate({x} {y})"/>'
            yield _Shape(style, markup=moved)
    elif kind == "text":
        turned = _rounded(element.get("transform", ""))
        # Unturned text says rotate(-0 …); several lines are moved by translate.
        where = (
            f'x="{x}" y="{y}"' if turned.startswith("rotate(0 ") or not turned else f'transform="{turned}"'
        )
        yield _Shape(style, markup=f"<text {where}>{escape(element.text or '')}</text>")
    elif kind == "image":
        size = " ".join(f'{side}="{_rounded(element.get(side, "0"))}"' for side in ("width", "height"))
        turned = _rounded(element.get("transform", ""))
        image = f'<image href="{element.get(_LINK, "")}" x="{x}" y="{y}" {size} transform="{turned}"/>'
        yield _Shape(style, markup=image)


def _dot(style: str, x: str, y: str, radius: str) -> _Shape:
    """Draw a filled dot as the round end of a line without length: many of them are one short path."""
    if not style.startswith("fill:") or ";" in style:
        return _Shape(style, markup=f'<circle cx="{x}" cy="{y}" r="{radius}"/>')
    line = f"fill:none;stroke:{style.removeprefix('fill:')};stroke-width:{2 * float(radius):g}"
    return _Shape(f"{line};stroke-linecap:round", f"M{x} {y}h0")


def _tokens(style: str) -> str:
    """Drop fonts, and replace colours by the page's tokens."""
    rules = [rule.strip().replace(": ", ":") for rule in style.split(";")]
    kept = ";".join(
        rule for rule in rules if rule and not rule.startswith(("font-family", "stroke-dashoffset"))
    )
    return re.sub(r"#[0-9a-f]{6}", _token, kept)


def _token(colour: re.Match[str]) -> str:
    return f"var(--{_TOKENS[colour[0]]})" if colour[0] in _TOKENS else colour[0]


def _rounded(numbers: str) -> str:
    """Round coordinates to a tenth of a pixel."""
    tight = re.sub(r"-?\d+(\.\d+)?", lambda match: f"{round(float(match[0]), 1) + 0:g}", numbers)
    return re.sub(r"\s+", " ", re.sub(r"\s*([MLCz])\s*", r"\1", tight)).strip()


def _tight(path: str) -> str:
    """Write a path of straight lines step by step, in tenths of a pixel; a curve stays as it is.

    Examples
    --------
    >>> _tight("M 2 19.3 L 7.4 19.3 L 12.8 19.3 L 12.8 8.24 L 20 10 z")
    'M2 19.3h10.8v-11.1l7.2 1.8z'
    """
    commands = re.findall(r"([A-Za-z])([^A-Za-z]*)", path)
    if any(letter not in "MLz" for letter, _ in commands):
        return _rounded(path)
    written, step, at = "", (0, 0), (0, 0)
    for letter, numbers in commands:
        places = [round(float(number) * 10) for number in numbers.split()]
        for to in zip(places[::2], places[1::2], strict=True):
            move = to[0] - at[0], to[1] - at[1]
            if letter == "M" or not _goes_on(step, move):
                written, step = written + _stepped(step), (0, 0)
            if letter == "M":
                written += f"M{_tenths(to[0])} {_tenths(to[1])}"
            else:
                step = step[0] + move[0], step[1] + move[1]
            at = to
        if letter == "z":
            written, step = f"{written}{_stepped(step)}z", (0, 0)
    return written + _stepped(step)


def _goes_on(step: tuple[int, int], move: tuple[int, int]) -> bool:
    """Tell whether a move only makes a level or upright step longer."""
    is_straight = step[0] == move[0] == 0 or step[1] == move[1] == 0
    return is_straight and step[0] * move[0] >= 0 and step[1] * move[1] >= 0


def _stepped(step: tuple[int, int]) -> str:
    if step == (0, 0):
        return ""
    if not step[1]:
        return f"h{_tenths(step[0])}"
    if not step[0]:
        return f"v{_tenths(step[1])}"
    return f"l{_tenths(step[0])}{'' if step[1] < 0 else ' '}{_tenths(step[1])}"


def _tenths(number: int) -> str:
    return f"{number / 10:g}".replace("0.", ".", 1) if abs(number) < 10 else f"{number / 10:g}"


def canvas(width: int, height: int, left: int, right: int, top: int, bottom: int) -> tuple[Figure, Axes]:
    """Lay out a figure in pixels, margins given; never through pyplot, which keeps figures alive."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(width / 72, height / 72), dpi=72)
    inner = (
        (left / width),
        (bottom / height),
        (width - left - right) / width,
        (height - top - bottom) / height,
    )
    return drawing, drawing.add_axes(inner)
