"""The conventions of a non-compartmental analysis, every one with its default."""

from dataclasses import dataclass
from typing import Literal, get_args

type Trapezoid = Literal["linear-up/log-down", "linear", "linear-log"]
type BlqValue = Literal["zero", "half lloq", "lloq", "drop"]
type Start = Literal["zero", "first sample"]
type AfterLast = Literal["nothing", "triangle", "observed", "predicted"]
type AtCut = Literal["segment", "point"]


@dataclass(frozen=True)
class NcaRules:
    """The conventions of a non-compartmental analysis (NCA).

    Parameters
    ----------
    trapezoid : {"linear-up/log-down", "linear", "linear-log"}
        How two samples are joined. ``"linear-up/log-down"``, PKNCA's default: straight where the level rises,
        log-linear where it falls. ``"linear-log"``: straight up to Tmax, log-linear after it. A segment with a 0 is
        straight.
    blq_before, blq_between, blq_after : {"zero", "half lloq", "lloq", "drop"}
        What a BLQ sample counts for before the first quantified sample, between quantified ones and after the last
        (Tlast). Defaults as in PKNCA: zero, drop, zero. After Tlast it acts only on AUCall and on ``"triangle"``.
    start : {"zero", "first sample"}
        The level at the infusion, where no sample stands at time 0: none, or that of the first sample.
    after_last : {"nothing", "triangle", "observed", "predicted"}
        How an area goes on where its end lies after Tlast. ``"nothing"``: it stops at Tlast, also where a BLQ sample
        stands exactly at the end. ``"triangle"``: straight to the first BLQ sample after Tlast, then nothing.
        ``"observed"``, ``"predicted"``: along lambda_z, from Clast or from the fitted level at Tlast.
    at_cut : {"segment", "point"}
        How the part of a segment up to the end of a window is joined: as the whole segment, or anew as two samples of
        which the second is the interpolated one. They differ only in a segment that falls to 0: there ``"point"``,
        which PKNCA does, lets an area become smaller while its window grows.
    completeness : float
        Share of a window at which, or later, some sample must have been taken (84 of 90 days), or its area is
        undefined; so it is where no sample lies in the window at all. 0 asks for none of both.
    first_sample : float
        Latest day of the first sample after the infusion, quantified or not: 14, when the cells of most patients are
        near their peak (published medians of Tmax: 7 to 14 days). Where it is later the expansion was not seen: Cmax,
        Tmax and every area that begins before that sample are undefined. ``inf`` asks for none.
    largest_gap : float
        Longest stretch without a sample within a window, the infusion counting as one, as a share of the window's last
        day; above, its area is undefined, as it would be that of one guessed segment. 1 asks for none.
    include_tmax : bool
        Whether the sample at Tmax may serve lambda_z.
    min_points : int
        Fewest samples of lambda_z, 3 or more.
    r2_tolerance : float
        How far below the best adjusted R2 a fit with more samples is still preferred.
    min_adjusted_r2, min_span_ratio : float
        Below either, lambda_z and the half-life are undefined. The span is in half-lives. PKNCA flags at 0.9 and 2.

    Raises
    ------
    ValueError
        If a value is none of those above.

    Notes
    -----
    The defaults are those of the R package PKNCA (``PKNCA.options``), with five differences. PKNCA joins a cut as
    ``at_cut="point"``. Where a BLQ sample stands exactly at the end of a window it adds the triangle that it does not
    add when the end falls between samples; here neither adds one, unless ``after_last="triangle"``. It asks
    neither for a complete window nor for an early first sample. And it flags a half-life that fails a criterion, which
    is undefined here.

    Examples
    --------
    >>> from dataclasses import replace
    >>> replace(NcaRules(), trapezoid="linear").trapezoid
    'linear'
    >>> NcaRules(blq_between="ignore")
    Traceback (most recent call last):
    ...
    ValueError: blq_between='ignore'; accepted: 'zero', 'half lloq', 'lloq', 'drop'
    """

    trapezoid: Trapezoid = "linear-up/log-down"
    blq_before: BlqValue = "zero"
    blq_between: BlqValue = "drop"
    blq_after: BlqValue = "zero"
    start: Start = "zero"
    after_last: AfterLast = "nothing"
    at_cut: AtCut = "segment"
    completeness: float = 84 / 90
    first_sample: float = 14.0
    largest_gap: float = 0.8
    include_tmax: bool = False
    min_points: int = 3
    r2_tolerance: float = 1e-4
    min_adjusted_r2: float = 0.9
    min_span_ratio: float = 2.0

    def __post_init__(self) -> None:
        choices = {
            "trapezoid": Trapezoid, "blq_before": BlqValue, "blq_between": BlqValue, "blq_after": BlqValue,
            "start": Start, "after_last": AfterLast, "at_cut": AtCut,
        }  # fmt: skip
        for name, kind in choices.items():
            accepted = get_args(kind.__value__)
            if getattr(self, name) not in accepted:
                raise ValueError(f"{name}={getattr(self, name)!r}; accepted: {', '.join(map(repr, accepted))}")
        for name in (
            "completeness",
            "first_sample",
            "largest_gap",
            "r2_tolerance",
            "min_adjusted_r2",
            "min_span_ratio",
        ):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or value != value:
                raise ValueError(f"{name}={value!r}; accepted: a number")
        for name in ("completeness", "largest_gap"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}={getattr(self, name)!r}; accepted: a share of the window, from 0 to 1")
        if not self.first_sample >= 0:
            raise ValueError(f"first_sample={self.first_sample!r}; accepted: a day, 0 or more")
        if self.min_points < 3:
            raise ValueError(f"min_points={self.min_points!r}; accepted: 3 or more, as adjusted R2 needs them")
