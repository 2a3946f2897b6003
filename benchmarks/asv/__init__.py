"""Speed over commits, by airspeed velocity: ``asv run --config benchmarks/asv.conf.json HEAD~5..HEAD`` and ``publish``.

``tests/benchmarks/test_asv.py`` runs each of these once, so that none can rot. Trials are SIMULATED.
"""
