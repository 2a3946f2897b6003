"""The NumPy interpreter: what a fit says and predicts, without PyMC."""
