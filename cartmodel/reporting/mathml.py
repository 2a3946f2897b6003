"""LaTeX as MathML that is safe to put into a page."""

import re
from itertools import pairwise
from xml.etree import ElementTree

_SPACE = "{http://www.w3.org/1998/Math/MathML}"
_ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "mfrac", "msqrt", "mroot", "mover",
    "munder", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom",
}  # fmt: skip
_ATTRIBUTES = {
    "display", "mathvariant", "stretchy", "fence", "form", "separator", "accent", "width", "height", "lspace", "rspace",
    "linethickness", "columnalign", "columnspacing", "rowspacing", "displaystyle", "scriptlevel", "movablelimits",
}  # fmt: skip
_VALUE = re.compile(r"[A-Za-z0-9 .%+-]*")


def mathml(latex: str) -> str | None:
    r"""Return an equation as MathML, or None where the LaTeX cannot be read.

    Only elements of presentation MathML are let through, and of their attributes only those that say how something
    looks: the text may come from anybody's structure.

    Examples
    --------
    >>> mathml("x^2")[-53:]
    '<mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>'
    >>> mathml(r"\text{<script>alert(1)</script>}") is None
    True
    """
    from latex2mathml.converter import convert

    try:
        root = ElementTree.fromstring(convert(latex, display="block"))  # noqa: S314 (our own converter's output)
    except Exception:  # the converter raises many kinds, also plain ones; to the reader they are one: no MathML
        return None
    return ElementTree.tostring(root, encoding="unicode") if _clean(root) else None


def _clean(element: ElementTree.Element) -> bool:
    """Return whether an element and all in it are presentation MathML; strip other attributes, join upright letters."""
    name = element.tag.removeprefix(_SPACE) if element.tag.startswith(_SPACE) else ""
    if name not in _ELEMENTS:
        return False
    element.tag = name
    kept = {key: value for key, value in element.attrib.items() if key in _ATTRIBUTES and _VALUE.fullmatch(value)}
    element.attrib.clear()
    element.attrib.update(kept)
    if element.text == "~":
        element.tag = "mo"
        element.text = "\u223c"  # what sim means; the character of the keyboard is a blank in some word processors
    if name == "math":
        element.set("xmlns", _SPACE.strip("{}"))
    clean = True
    for child in element:
        clean &= _clean(child)
    _join(element)
    _space(element)
    return clean


def _join(parent: ElementTree.Element) -> None:
    """Join neighbours that are upright letters: a name of several letters is one identifier, not a product."""
    previous: ElementTree.Element | None = None
    for child in list(parent):
        upright = child.tag == "mi" and child.get("mathvariant") == "normal"
        if upright and previous is not None:
            previous.text = (previous.text or "") + (child.text or "")
            parent.remove(child)
        else:
            previous = child if upright else None


def _space(parent: ElementTree.Element) -> None:
    """Put a thin space between the name of a function, such as ln, and what it acts on without brackets."""
    children = list(parent)
    for child, after in pairwise(children):
        named = child.tag == "mi" and len(child.text or "") > 1 and not child.attrib
        if named and not (after.tag == "mo" and after.text == "("):
            parent.insert(list(parent).index(after), ElementTree.Element("mspace", {"width": "0.167em"}))
