"""Seconds of an import, in a process of its own."""


def timeraw_import_cartmodel() -> str:
    """Import the names alone: nothing heavy is loaded."""
    return "import cartmodel"


def timeraw_import_fit() -> str:
    """Import what a fit needs."""
    return "import cartmodel; cartmodel.fit"


def timeraw_import_predict() -> str:
    """Import what predictions from a fit's file need."""
    return "import cartmodel; cartmodel.predict, cartmodel.read_fit"
