"""One small trial written by hand in every form that can be read; nothing here comes from our own writers.

Three patients, one without samples; qPCR and flow side by side; a BLQ sample; a predose sample; weight, assigned dose,
DLT with its day; age and sex.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

PLAIN = """\
subject,assay,time,level,unit,blq,lloq,dose,dose_assigned,weight,dlt,dlt_day,age,sex
101,qpcr,-1,0,copies/ug,,,25e6,3e7,60.5,0,,44,F
101,qpcr,2.5,,copies/ug,1,50,25e6,3e7,60.5,0,,44,F
101,qpcr,7,1200.5,copies/ug,0,50,25e6,3e7,60.5,0,,44,F
101,flow,7,3.25,cells/uL,0,0.5,25e6,3e7,60.5,0,,44,F
102,qpcr,9.125,80000,copies/ug,0,50,1e8,1e8,70,1,12,50,M
102,flow,28,,cells/uL,1,0.5,1e8,1e8,70,1,12,50,M
103,,,,,,,1e8,1e8,55,,,61,F
"""

FOLDER = {
    "subjects.csv": "subject,dose,dose_assigned,weight,age,sex\n"
    "101,25e6,3e7,60.5,44,F\n102,1e8,1e8,70,50,M\n103,1e8,1e8,55,61,F\n",
    "levels.csv": """\
subject,assay,time,level,unit,blq,lloq
101,flow,7,3.25,cells/uL,0,0.5
101,qpcr,2.5,,copies/ug,1,50
101,qpcr,-1,0,copies/ug,,
101,qpcr,7,1200.5,copies/ug,0,50
102,flow,28,,cells/uL,1,0.5
102,qpcr,9.125,80000,copies/ug,0,50
""",
    "outcomes.csv": "subject,dlt,dlt_day\n101,0,\n102,1,12\n",
}

# CENS = 1 with the limit in DV; a missing DV; a comment; another event; MDV = 1.
NONMEM = """\
C,ID,TIME,DV,AMT,EVID,MDV,CMT,DVID,CENS,LLOQ,DOSEP,WT,DLT,DLTDY,AGE,SEX
.,101,-1,0,.,0,1,1,1,0,.,3e7,60.5,0,.,44,F
.,101,0,.,25000000,1,1,1,.,0,.,3e7,60.5,0,.,44,F
.,101,2.5,50,.,0,0,1,1,1,50,3e7,60.5,0,.,44,F
.,101,7,1200.5,.,0,0,1,1,0,50,3e7,60.5,0,.,44,F
.,101,7,3.25,.,0,0,1,2,0,.5,3e7,60.5,0,.,44,F
C,101,8,999999,.,0,0,1,1,0,50,3e7,60.5,0,.,44,F
.,101,10,.,.,0,0,1,1,0,50,3e7,60.5,0,.,44,F
.,101,11,5,.,0,1,1,1,0,50,3e7,60.5,0,.,44,F
.,101,12,.,.,2,1,1,.,0,.,3e7,60.5,0,.,44,F
.,102,0,.,1e8,1,1,1,.,0,.,1e8,70,1,12,50,M
.,102,9.125,80000,.,0,0,1,1,0,50,1e8,70,1,12,50,M
.,102,28,.5,.,0,0,1,2,1,.5,1e8,70,1,12,50,M
.,103,0,.,1e8,1,1,1,.,0,.,1e8,55,.,.,61,F
"""
NONMEM_TOLD: dict[str, Any] = {
    "mapping": {"DVID=1": "qpcr", "DVID=2": "flow"},
    "units": {"time": "day", "dose": "cells", "qpcr": "copies/ug", "flow": "cells/uL"},
}

# Doses without EVID; times count from a clock on which patient 101 is dosed on day 1; limits are in Y.
MONOLIX = """\
ID\tTIME\tY\tAMOUNT\tADM\tYTYPE\tCENS\tLIMIT\tLLOQ\tDOSEP\tWT\tDLT\tDLT_DAY\tAGE\tSEX
101\t0\t0\t.\t.\t1\t0\t.\t.\t3e7\t60.5\t0\t.\t44\tF
101\t1\t.\t25e6\t1\t.\t.\t.\t.\t3e7\t60.5\t0\t.\t44\tF
101\t3.5\t50\t.\t.\t1\t1\t.\t.\t3e7\t60.5\t0\t.\t44\tF
101\t8\t1200.5\t.\t.\t1\t0\t.\t50\t3e7\t60.5\t0\t.\t44\tF
101\t8\t3.25\t.\t.\t2\t0\t.\t0.5\t3e7\t60.5\t0\t.\t44\tF
102\t0\t.\t1e8\t1\t.\t.\t.\t.\t1e8\t70\t1\t12\t50\tM
102\t9.125\t80000\t.\t.\t1\t0\t.\t50\t1e8\t70\t1\t12\t50\tM
102\t28\t0.5\t.\t.\t2\t1\t.\t.\t1e8\t70\t1\t12\t50\tM
103\t0\t.\t1e8\t1\t.\t.\t.\t.\t1e8\t55\t.\t.\t61\tF
"""
MONOLIX_TOLD: dict[str, Any] = {
    "mapping": {"YTYPE=1": "qpcr", "YTYPE=2": "flow"},
    "units": {"time": "day", "dose": "cells", "qpcr": "copies/ug", "flow": "cells/uL"},
}

# A derived copy, a dosing record, a sample not done; BLQ said by flag, by text and by DTYPE.
ADPC = """\
STUDYID,USUBJID,PARAM,PARAMCD,AVISIT,AFRLT,FRLTU,AVAL,AVALC,AVALU,ALLOQ,BLQFL,DTYPE,EVID,PCSTAT,SEX
S,101,,QPCR,SCREENING,-1,DAYS,0,0,copies/ug,,,,0,,F
S,101,,DOSE,DAY 0,0,DAYS,25000000,,cells,,,,1,,F
S,101,,QPCR,DAY 3,2.5,DAYS,25,<50,copies/ug,50,Y,HALFLLOQ,0,,F
S,101,,QPCR,DAY 7,7,DAYS,1200.5,1200.5,copies/ug,50,N,,0,,F
S,101,,QPCR,DAY 7,7,DAYS,1200.5,1200.5,copies/ug,50,N,COPY,0,,F
S,101,,FLOW,DAY 7,7,DAYS,3.25,3.25,cells/uL,0.5,N,,0,,F
S,101,,FLOW,DAY 10,10,DAYS,,,cells/uL,0.5,,,0,NOT DONE,F
S,102,,QPCR,DAY 10,9.125,DAYS,80000,80000,copies/ug,50,N,,0,,M
S,102,,FLOW,DAY 28,28,DAYS,,<0.5,cells/uL,,,,0,,M
"""
ADSL = """\
STUDYID,USUBJID,SUBJID,ARM,DOSEA,DOSEP,DOSEU,WTBL,SEX,AGE
S,101,1,low,2.5e7,3e7,cells,60.5,F,44
S,102,2,high,1e8,1e8,cells,70,M,50
S,103,3,high,1e8,1e8,cells,55,F,61
"""
ADRS = """\
STUDYID,USUBJID,PARAM,PARAMCD,AVAL,AVALC,FRLTU
S,101,Dose-limiting toxicity,DLT,,N,DAYS
S,102,Dose-limiting toxicity,DLT,1,Y,DAYS
S,102,Day of the DLT,DLTDY,12,,DAYS
S,102,Best response,BOR,3,PR,DAYS
"""
ADPPK = """\
STUDYID,USUBJID,PARAMCD,AFRLT,FRLTU,EVID,MDV,DV,DVU,AMT,DOSEU,DOSEP,BLQFL,BLQFN,ALLOQ,WTBL,DLT,DLTDY,AGE,SEX
S,101,QPCR,-1,DAYS,0,1,0,copies/ug,,cells,3e7,,,,60.5,0,,44,F
S,101,,0,DAYS,1,1,,,25e6,cells,3e7,,,,60.5,0,,44,F
S,101,QPCR,2.5,DAYS,0,0,,copies/ug,,cells,3e7,Y,1,50,60.5,0,,44,F
S,101,QPCR,7,DAYS,0,0,1200.5,copies/ug,,cells,3e7,N,0,50,60.5,0,,44,F
S,101,FLOW,7,DAYS,0,0,3.25,cells/uL,,cells,3e7,N,0,0.5,60.5,0,,44,F
S,102,,0,DAYS,1,1,,,1e8,cells,1e8,,,,70,1,12,50,M
S,102,QPCR,9.125,DAYS,0,0,80000,copies/ug,,cells,1e8,N,0,50,70,1,12,50,M
S,102,FLOW,28,DAYS,0,0,,cells/uL,,cells,1e8,Y,1,0.5,70,1,12,50,M
S,103,,0,DAYS,1,1,,,1e8,cells,1e8,,,,55,,,61,F
"""
ADAM = {"adpc.csv": ADPC, "adsl.csv": ADSL, "adrs.csv": ADRS}


def written(folder: Path, name: str, text: str) -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def frame_of(text: str, separator: str = ",") -> pd.DataFrame:
    """Return a table as a DataFrame whose numbers are numbers."""
    from io import StringIO

    return pd.read_csv(StringIO(text), sep=separator, dtype={"USUBJID": str, "subject": str}, na_values=["", "."])


def transported(folder: Path, name: str, text: str) -> Path:
    """Write a table as a SAS transport file of version 5 and return its path."""
    frame = frame_of(text)
    texts = {column: frame[column].fillna("").astype(str) for column in frame if frame[column].dtype.kind not in "fi"}
    empty = [column for column in frame if frame[column].isna().all()]
    pyreadstat.write_xport(
        frame.assign(**texts).assign(**dict.fromkeys(empty, "")),
        folder / name,
        table_name=Path(name).stem.upper(),
        file_format_version=5,
    )
    return folder / name
