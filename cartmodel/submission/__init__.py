"""Tables out, in the forms that regulators and other programs take."""

from cartmodel.submission.adpc import to_adpc
from cartmodel.submission.adpp import PKPARMCD, to_adpp
from cartmodel.submission.adppk import to_adppk
from cartmodel.submission.data_set import to_nonmem
from cartmodel.submission.export import FORMS, export_trial
from cartmodel.submission.tables import to_tables

__all__ = ["FORMS", "PKPARMCD", "export_trial", "to_adpc", "to_adpp", "to_adppk", "to_nonmem", "to_tables"]
