"""A report as a Word file."""

import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from cartmodel.reporting.blocks import Block, Bullets, Code, Content, Explorer, Formula, Picture, Table, Words
from cartmodel.reporting.mathml import mathml
from cartmodel.reporting.omml import omml
from cartmodel.reporting.pictures import DPI

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # characters that no XML file may hold
_WIDTH = 24.7  # cm between the margins of a landscape page


def write_document(content: Content, path: Path) -> Path:
    """Write a report as a Word file with the same sections, tables, equations and figures as its page.

    The dose explorer is the figure and the table that follow it. Figures bear their words for readers who do not see
    them; the stamp stands in the head of every page.

    Parameters
    ----------
    content : Content
        The report.
    path : Path
        Of the file.
    """
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm, Pt, RGBColor

    file = Document()
    layout = file.sections[0]
    layout.orientation = WD_ORIENT.LANDSCAPE
    layout.page_width, layout.page_height = Cm(29.7), Cm(21.0)
    layout.left_margin = layout.right_margin = Cm(2.5)
    layout.top_margin = layout.bottom_margin = Cm(2.0)
    file.styles["Normal"].font.size = Pt(10)  # pyright: ignore[reportAttributeAccessIssue]
    about = file.core_properties
    about.title, about.author, about.comments = _plain(content.title), _plain(dict(content.about)["Author"])[:255], ""
    about.created = about.modified = datetime.now(UTC)
    if content.stamp:
        stamp = layout.header.paragraphs[0].add_run(_plain(content.stamp))
        stamp.bold, stamp.font.color.rgb = True, RGBColor(0xA3, 0x3B, 0x00)
    file.add_heading(_plain(content.title), 0)
    file.add_paragraph(_plain(content.subtitle))
    for name, value in content.about:
        file.add_paragraph(_plain(f"{name}: {value}"))
    for number, section in enumerate(content.sections, start=1):
        file.add_heading(f"{number}. {section.title}", 1)
        for block in section.blocks:
            _add(file, block)
    file.save(str(path))
    return path


def _add(file: Any, block: Block) -> None:
    from docx.shared import Pt

    match block:
        case Words():
            run = file.add_paragraph().add_run(_plain(block.text))
            run.bold = block.kind == "warning"
        case Bullets():
            for item in block.items:
                file.add_paragraph(_plain(item), style="List Bullet")
        case Formula():
            _formula(file, block)
        case Code():
            file.add_heading(_plain(block.title), 2)
            run = file.add_paragraph().add_run(_plain(block.text))
            run.font.name, run.font.size = "Courier New", Pt(7.5)
        case Table():
            _table(file, block)
        case Picture():
            _picture(file, block)
        case Explorer():
            file.add_paragraph("The page report.html has a slider here; the figure and the table below hold the same.")


def _formula(file: Any, block: Formula) -> None:
    from docx.oxml import parse_xml

    if block.told:
        file.add_paragraph(_plain(block.told))
    shown = mathml(block.latex)
    if shown is None:
        file.add_paragraph(_plain(block.latex))
    else:
        file.add_paragraph()._p.append(parse_xml(omml(shown)))


def _table(file: Any, block: Table) -> None:
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    file.add_heading(_plain(block.title), 2)
    table = file.add_table(rows=1, cols=len(block.columns), style="Light Grid Accent 1")
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # repeated on every page
    cells: list[Any] = []
    for row in (block.columns, *block.rows):
        held = table.rows[0].cells if row is block.columns else table.add_row().cells
        for cell, text in zip(held, row, strict=True):
            cell.text = _plain(text)
        cells += held
    for cell in cells:
        for run in cell.paragraphs[0].runs:
            run.font.size = Pt(7.5)
    if block.caption:
        file.add_paragraph(_plain(block.caption), style="Caption")


def _picture(file: Any, block: Picture) -> None:
    from docx.shared import Cm

    wide, high = block.size
    width = min(_WIDTH, 15.0 * wide / high, 2.54 * wide / DPI)  # no taller than a page, no larger than drawn
    shape = file.add_picture(BytesIO(block.png), width=Cm(width))
    about = shape._inline.docPr
    about.set("descr", _plain(block.alt))
    file.add_paragraph(_plain(block.caption), style="Caption")


def _plain(text: str) -> str:
    """Return text without the control characters that no XML file may hold."""
    return _CONTROL.sub("\ufffd", text)
