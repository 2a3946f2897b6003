"""A report as one HTML page that needs nothing else: no network, no other file."""

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

from cartmodel.reporting.blocks import Content, Explorer
from cartmodel.reporting.mathml import mathml


def page(content: Content) -> str:
    """Return a report as HTML.

    All text is escaped. Scripts are three: plotly.js, the explorer's own, and its data, which are not run. A content
    security policy names the first two by their digests and forbids everything else, every connection included.

    Parameters
    ----------
    content : Content
        From `content`.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    explorer = next((b for s in content.sections for b in s.blocks if isinstance(b, Explorer)), None)
    scripts = [_plotly(), _text("explorer.js")] if explorer is not None else []
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_text("page.html"))

    def formula(latex: str) -> Any:
        found = mathml(latex)
        return Markup(found) if found is not None else None  # noqa: S704 (cleaned, element by element)

    return template.render(
        content=content,
        style=Markup(_text("page.css") + _each_sheet(content.stamp)),  # noqa: S704 (our own file, and escaped text)
        scripts=[Markup(script) for script in scripts],  # noqa: S704 (plotly's and our own file)
        policy=_policy(scripts),
        kind=lambda block: type(block).__name__,
        mathml=formula,
        image=lambda png: f"data:image/png;base64,{b64encode(png).decode()}",
        data=lambda values: Markup(safe_json(values)),  # noqa: S704 (no character that could end a script)
    )


def safe_json(values: Any) -> str:
    r"""Return values as JSON that can stand inside a script element.

    Examples
    --------
    >>> print(safe_json("</script>"))
    "\u003c/script\u003e"
    """
    text = json.dumps(values, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _policy(scripts: list[str]) -> str:
    digests = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts]
    return (
        f"default-src 'none'; script-src {' '.join(digests) or "'none'"}; style-src 'unsafe-inline'; img-src data:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _each_sheet(stamp: str) -> str:
    """Return the style that prints the stamp in the head of every sheet of paper."""
    escaped = "".join(sign if sign.isascii() and sign.isalnum() else f"\\{ord(sign):x} " for sign in stamp)
    head = f"content: '{escaped}'; color: #a33b00; font: bold 9pt sans-serif"
    return f"@media print {{ @page {{ @top-right {{ {head} }} }} }}\n" if stamp else ""


def _text(name: str) -> str:
    return files("cartmodel.reporting").joinpath("templates", name).read_text(encoding="utf-8")


def _plotly() -> str:
    return files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")
