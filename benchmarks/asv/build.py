"""From a file to what a sampler takes."""

import cartmodel as cm
from cartmodel.equations.design import design


class Build:
    """The bundled SIMULATED trial under the default model."""

    def setup(self) -> None:
        """Read trial and model."""
        self.path = cm.example_path("cd7_ssc")
        self.trial, self.spec = cm.read_trial(self.path), cm.load_model("cd7-ssc")

    def time_read_trial(self) -> None:
        """Read and check a table of 245 samples."""
        cm.read_trial(self.path)

    def time_load_model(self) -> None:
        """Read and check a model file."""
        cm.load_model("cd7-ssc")

    def time_design(self) -> None:
        """Arrays of the trial."""
        design(self.trial, self.spec)

    def time_compiled_density(self) -> None:
        """Record, differentiate and compile the equations."""
        _ = cm.Target(self.trial, self.spec).density

    def time_pymc_model(self) -> None:
        """PyMC's graph, not compiled."""
        cm.build(self.trial, self.spec)
