"""Tables of the CRISS items for the tests."""

import pandas as pd

ITEMS = ("mrss", "fvc", "patient_global", "physician_global", "haq")
# Section 3.2 of the domain file gives its columns in this order.
PRINTED = ("mrss", "fvc", "patient_global", "physician_global", "haq")


def items(*rows: tuple[float, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(PRINTED), dtype=float)


def assessed(subject: str, time: float, *values: float) -> dict[str, object]:
    return {"subject": subject, "time": time, **dict(zip(ITEMS, values, strict=True))}
