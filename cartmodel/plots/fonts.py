"""Fonts of figures, and characters that none of them has."""

from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font, get_font_names

LETTERS = "DejaVu Sans"
"""Comes with matplotlib: the same figure on every machine, as long as it has the characters."""

_FURTHER = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Droid Sans Fallback", "Microsoft YaHei", "PingFang SC", "Hiragino Sans", "Yu Gothic",
    "Malgun Gothic", "Arial Unicode MS", "Noto Emoji", "Symbola",
)  # fmt: skip


@cache
def families() -> tuple[str, ...]:
    """Return the fonts of a figure: DejaVu Sans, then those of this machine that have other scripts."""
    here = set(get_font_names())
    return (LETTERS, *(name for name in _FURTHER if name in here))


@cache
def _drawable() -> frozenset[int]:
    return frozenset(
        code for name in families() for code in get_font(findfont(FontProperties(family=[name]))).get_charmap()
    )


def spelled(text: str) -> str:
    r"""Return a text whose characters that no font at hand has are spelled by their code points.

    A box would make two names one; a code point keeps them apart.

    Examples
    --------
    >>> spelled("S01"), spelled("patient \N{GRINNING FACE}") in ("patient ‹1F600›", "patient \N{GRINNING FACE}")
    ('S01', True)
    """
    return "".join(sign if sign == "\n" or ord(sign) in _drawable() else f"‹{ord(sign):04X}›" for sign in text)
