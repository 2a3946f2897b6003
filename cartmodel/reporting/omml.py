"""MathML as the equations of Word (OMML)."""

from typing import Any
from xml.etree import ElementTree

_WORD = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_TEXT = ("mi", "mn", "mo", "mtext")


def omml(mathml: str) -> str:
    """Return an equation of Word, as XML, from presentation MathML.

    Parameters
    ----------
    mathml : str
        From ``cartmodel.reporting.mathml.mathml``.

    Examples
    --------
    >>> "<m:sSup>" in omml('<math xmlns="http://www.w3.org/1998/Math/MathML"><msup><mi>x</mi><mn>2</mn></msup></math>')
    True
    """
    root = ElementTree.fromstring(mathml)  # noqa: S314 (our own text, from `mathml`)
    ElementTree.register_namespace("m", _WORD)
    equation = ElementTree.Element(f"{{{_WORD}}}oMath")
    _add(equation, root)
    return ElementTree.tostring(equation, encoding="unicode")


def _add(parent: Any, element: Any) -> None:
    """Add an element of MathML to one of OMML."""
    name = element.tag.rsplit("}", 1)[-1]
    parts = list(element)
    match name:
        case _ if name in _TEXT:
            _run(parent, element.text or "", plain=name == "mtext" or (name == "mi" and len(element.text or "") > 1))
        case "mspace":
            _run(parent, " ", plain=True)
        case "mfrac":
            _shape(parent, "f", ("num", parts[0]), ("den", parts[1]))
        case "msup":
            _shape(parent, "sSup", ("e", parts[0]), ("sup", parts[1]))
        case "msub":
            _shape(parent, "sSub", ("e", parts[0]), ("sub", parts[1]))
        case "msubsup":
            _shape(parent, "sSubSup", ("e", parts[0]), ("sub", parts[1]), ("sup", parts[2]))
        case "munder":
            _shape(parent, "limLow", ("e", parts[0]), ("lim", parts[1]))
        case "mover":
            _shape(parent, "limUpp", ("e", parts[0]), ("lim", parts[1]))
        case "munderover":
            _shape(parent, "sSubSup", ("e", parts[0]), ("sub", parts[1]), ("sup", parts[2]))
        case "msqrt":
            _shape(parent, "rad", ("deg", None), ("e", element))
        case "mroot":
            _shape(parent, "rad", ("deg", parts[1]), ("e", parts[0]))
        case "mtable":
            table = ElementTree.SubElement(parent, f"{{{_WORD}}}m")
            for row in parts:
                _shape(table, "mr", *(("e", cell) for cell in row))
        case _:
            for part in parts:
                _add(parent, part)


def _shape(parent: Any, name: str, *slots: tuple[str, Any]) -> None:
    shape = ElementTree.SubElement(parent, f"{{{_WORD}}}{name}")
    for slot, content in slots:
        place = ElementTree.SubElement(shape, f"{{{_WORD}}}{slot}")
        if content is None:
            continue
        inner = content.tag.rsplit("}", 1)[-1]
        if inner in ("mtd", "msqrt"):  # these only hold what is in them
            for part in content:
                _add(place, part)
        else:
            _add(place, content)


def _run(parent: Any, text: str, *, plain: bool) -> None:
    run = ElementTree.SubElement(parent, f"{{{_WORD}}}r")
    if plain:
        style = ElementTree.SubElement(ElementTree.SubElement(run, f"{{{_WORD}}}rPr"), f"{{{_WORD}}}sty")
        style.set(f"{{{_WORD}}}val", "p")
    held = ElementTree.SubElement(run, f"{{{_WORD}}}t")
    held.text = text
    held.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
