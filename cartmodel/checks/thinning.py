"""Fewer draws for what needs the whole trial anew at each of them."""

import xarray as xr


def thinned(posterior: xr.Dataset, most: int) -> xr.Dataset:
    """Return at most ``most`` draws, evenly spaced in each chain, or one of each chain; ``attrs`` say which.

    Examples
    --------
    >>> draws = xr.Dataset({"x": (("chain", "draw"), [[0.0] * 1000] * 4)})
    >>> thinned(draws, 500).attrs["thinning"]
    '500 of 4000 draws, every 8th of each chain'
    """
    each = max(1, most // posterior.sizes["chain"])
    step = -(-posterior.sizes["draw"] // each)
    kept = posterior.isel(draw=slice(None, None, step))
    whole, left = (d.sizes["chain"] * d.sizes["draw"] for d in (posterior, kept))
    said = f"all {whole} draws" if step == 1 else f"{left} of {whole} draws, every {_ordinal(step)} of each chain"
    return kept.assign_attrs(thinning=said)


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
