"""Bayesian population PK/PD of CAR-T cell therapy.

The public names are listed in reading order in ``__init__.pyi`` and loaded when they are first used: ``import
cartmodel`` imports no PyMC.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
