"""The compiled log density of the default model with its gradient, called from Python."""

import cartmodel as cm


class Gradient:
    """The SIMULATED trial of 18 patients, and one of ten times as many."""

    params = ([1, 10],)
    param_names = ("times",)

    def setup(self, times: int) -> None:
        """Compile the density at a starting point."""
        scenario = cm.load_scenario(cm.example_path("cd7_ssc").parent / "scenario.toml")
        groups = tuple(g.model_copy(update={"patients": g.patients * times}) for g in scenario.groups)
        table = cm.simulate_trial(scenario.model_copy(update={"groups": groups})).table
        self.density = cm.Target(cm.read_trial(table), cm.load_model("cd7-ssc")).density
        self.x = self.density.start(seed=1)

    def time_joint_density(self, times: int) -> None:
        """Value and gradient of the whole posterior."""
        self.density(self.x)
