"""The curves in NumPy: levels, areas and peaks of 1,000 patients."""

import numpy as np

import cartmodel as cm
from cartmodel.kinetics import vocabulary as xp

CENTRE = {"cmax": 4e4, "tmax": 11.0, "c0": 8.0, "alpha": 0.17, "fb": 0.01, "beta": 0.0116}
DAYS = np.array([1.0, 3.0, 5.0, 7.0, 10.0, 12.0, 14.0, 17.0, 21.0, 28.0, 60.0, 90.0, 180.0, 360.0])


class Curves:
    """A curve of each structure."""

    params = (["stein", "stein_smooth"],)
    param_names = ("structure",)

    def setup(self, structure: str) -> None:
        """Draw patients around a typical one."""
        rng = np.random.default_rng(1)
        self.curve = cm.structures[structure]
        self.patients = {name: value * np.exp(0.3 * rng.standard_normal(1000)) for name, value in CENTRE.items()}

    def time_log_level(self, structure: str) -> None:
        """Levels at 14 samples each."""
        each = {name: value[:, None] for name, value in self.patients.items()}
        self.curve.log_level(xp, DAYS, **each)

    def time_integral(self, structure: str) -> None:
        """AUC0-28."""
        self.curve.integral(xp, 0.0, 28.0, **self.patients)

    def time_peak(self, structure: str) -> None:
        """Cmax and Tmax."""
        self.curve.peak(xp, **self.patients)
