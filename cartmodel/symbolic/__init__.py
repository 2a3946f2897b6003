"""The PyMC interpreter: a model file and a trial become a ``pm.Model``."""
