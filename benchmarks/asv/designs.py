"""Exact operating characteristics of dose-escalation designs for three doses."""

from cartmodel.escalation.boin import boin
from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.three_plus_three import nct06871644

TRUTH = [0.10, 0.25, 0.40]


class Exact:
    """Each design anew, so that nothing that it remembers is measured."""

    def time_protocol(self) -> None:
        """Protocol of the trial."""
        operating_characteristics(nct06871644(), TRUTH)

    def time_boin(self) -> None:
        """BOIN at 30 patients in cohorts of three."""
        operating_characteristics(boin(0.25, max_patients=30), TRUTH)
