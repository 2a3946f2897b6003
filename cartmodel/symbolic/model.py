"""Hand over the plain ``pm.Model`` of a trial and a model file."""

from pathlib import Path

import pymc as pm

from cartmodel.equations.centring import centring_weights
from cartmodel.equations.design import design
from cartmodel.equations.joint import joint
from cartmodel.spec import ModelSpec, load_model
from cartmodel.symbolic.symbols import Symbols
from cartmodel.trial import TrialData


def build(trial: TrialData, model: ModelSpec | str | Path) -> pm.Model:
    """Return the PyMC model of a trial.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    model : ModelSpec, str or Path
        A model, its name or its file.

    Returns
    -------
    pymc.Model
        Population parameters by name (``cmax_pop``, ``omega_cmax``, ...), one sampled coordinate ``z_<parameter>`` per
        random effect, ``eta_<parameter>`` (subject), and an observed variable for each assay (``level_<assay>``: ln
        level, on a padded grid of subject and sample) and outcome.

    Raises
    ------
    TrialModelError
        If the trial and the model do not fit together.

    Examples
    --------
    >>> import cartmodel as cm
    >>> model = cm.build(cm.read_trial(cm.example_path("cd7_ssc")), "cd7-ssc")
    >>> [v.name for v in model.observed_RVs]
    ['level_qpcr', 'criss_step1', 'criss_lp', 'dlt']
    """
    spec = model if isinstance(model, ModelSpec) else load_model(model)
    data = design(trial, spec)
    coords = {str(name): values.values.tolist() for name, values in data.coords.items()}
    parameters = list(spec.curve.varying)
    with pm.Model(coords={**coords, "parameter": parameters, "parameter_": parameters}) as built:
        joint(spec, Symbols(data, centring_weights(spec, data), fold=spec.correlation is None))
    return built
