"""A trial of two assays with a model of one: the assay that the model names is used, the other is counted."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import cartmodel as cm
from cartmodel.equations.design import design
from cartmodel.errors import TrialModelError


def both(**renamed: str) -> cm.TrialData:
    """Return the example with a flow cytometry beside it: a tenth of the samples, in cells/uL."""
    table = pd.read_csv(cm.example_path("cd7_ssc"), dtype=str)
    flow = table[::10].assign(assay="flow", unit="cells/uL", level="12.5", blq="0", lloq="0.5")
    together = pd.concat([table.assign(assay="qpcr"), flow], ignore_index=True)
    return cm.read_trial(together.assign(assay=together["assay"].replace(renamed)))


def test_the_assay_that_the_model_names_is_used() -> None:
    alone = cm.read_trial(cm.example_path("cd7_ssc"))
    spec = cm.load_model("cd7-ssc")
    one, two = design(alone, spec), design(both(), spec)
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name].values, two[name].values, err_msg=str(name))


def test_what_is_not_used_is_counted_and_named() -> None:
    trial, spec = both(), cm.load_model("cd7-ssc")
    own = trial.observations[trial.observations["assay"] == "flow"]
    size = f"{len(own)} samples of {own['subject'].nunique()} patients"
    assert len(own) > 10
    assert f"Assay 'flow' has {size} that model 'cd7-ssc' does not use." in cm.doubts(trial, spec)
    assert not any("Assay" in doubt for doubt in cm.doubts(cm.read_trial(cm.example_path("cd7_ssc")), spec))


def test_a_sparse_second_assay_does_not_move_the_doubt_about_times() -> None:
    trial = both()
    late = trial.observations["assay"] == "qpcr"
    moved = trial.observations.assign(time=trial.observations["time"].where(~late, trial.observations["time"] * 24))
    doubts = cm.doubts(dataclasses.replace(trial, observations=moved), cm.load_model("cd7-ssc"))
    assert any("are the times in days" in doubt for doubt in doubts)


def test_several_assays_of_which_the_model_names_none_are_refused_with_the_remedy() -> None:
    trial = both(qpcr="ddpcr")
    with pytest.raises(TrialModelError) as caught:
        cm.check_fit_together(trial, cm.load_model("cd7-ssc"))
    (problem,) = caught.value.problems
    assert problem.what == "the trial has ddpcr, flow, the model qpcr"
    assert "--map <column>=ddpcr=qpcr" in problem.accepted
    table = pd.read_csv(cm.example_path("cd7_ssc"), dtype=str)
    flow = table[::10].assign(assay="flow", unit="cells/uL", level="12.5", blq="0", lloq="0.5")
    together = pd.concat([table.assign(assay="ddpcr"), flow], ignore_index=True)
    renamed = cm.read_trial(together, mapping={"assay=ddpcr": "qpcr"})
    cm.check_fit_together(renamed, cm.load_model("cd7-ssc"))
    assert renamed.digest == both().digest


def test_the_unit_of_the_assay_that_is_used_must_be_the_models() -> None:
    table = pd.read_csv(cm.example_path("cd7_ssc"), dtype=str).assign(unit="cp/\N{MICRO SIGN}g")
    cm.check_fit_together(cm.read_trial(table), cm.load_model("cd7-ssc"))
    with pytest.raises(TrialModelError, match="the table says 'copies/mg', the model 'copies/ug'"):
        cm.check_fit_together(cm.read_trial(table.assign(unit="copies/mg")), cm.load_model("cd7-ssc"))
