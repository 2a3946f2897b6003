"""Predictions in NumPy, from draws of the prior: what they say is of no matter here, and no sampler is needed."""

import numpy as np
import xarray as xr

import cartmodel as cm
from cartmodel.equations.design import design
from cartmodel.prediction.fitfile import FORMAT
from cartmodel.prediction.prior import prior_draws


class Predict:
    """The default model at four doses, from 400 draws."""

    def setup(self) -> None:
        """Put draws of the prior in the place of a fit's posterior."""
        spec = cm.load_model("cd7-ssc")
        data = design(cm.read_trial(cm.example_path("cd7_ssc")), spec)
        posterior = prior_draws(spec, 400)
        rng = np.random.default_rng(1)
        for name in spec.curve.parameters:
            shape = (1, 400, data.sizes["subject"])
            effects = posterior[f"omega_{name}"] * xr.DataArray(
                rng.standard_normal(shape), dims=("chain", "draw", "subject")
            )
            posterior[f"eta_{name}"] = effects
        self.fit = xr.DataTree.from_dict({"/posterior": posterior, "/constant_data": data})
        self.fit.attrs = {"format": FORMAT, "spec": spec.model_dump_json(exclude_none=True)}
        self.doses = [2.5e7, 5e7, 1e8, 2e8]

    def time_new_patients(self) -> None:
        """100 new patients at each dose."""
        cm.predict(self.fit, dose=self.doses, n=100)

    def peakmem_new_patients(self) -> None:
        """Do the same, for its memory."""
        cm.predict(self.fit, dose=self.doses, n=100)

    def time_trial_patients(self) -> None:
        """Exposures of the trial's own patients."""
        cm.exposure(self.fit)
