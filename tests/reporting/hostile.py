"""A trial whose text tries to break out of a page."""

import pandas as pd

import cartmodel as cm

SCRIPT = "<script>alert(1)</script>"
STUDY = 'SIMULATED </script><img src=x onerror=alert(2)> & "study"'
STAMP = "DRAFT <b>1</b>"
SUBJECTS = {"S01": SCRIPT, "S02": "${7*7}{{7*7}}", "S03": "</title>-->]]>"}


def hostile_table() -> pd.DataFrame:
    table = pd.read_csv(cm.example_path("cd7_ssc"), dtype=str, keep_default_na=False)
    table["subject"] = table["subject"].replace(SUBJECTS)
    return table.assign(study=STUDY)
