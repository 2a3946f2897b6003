"""What a measurement was made on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "cartmodel", "nutpie", "pymc", "pytensor", "numpyro", "jax", "blackjax", "flowjax", "pymc-extras", "numpy", "scipy",
    "numba", "llvmlite", "arviz-stats",
)  # fmt: skip


def machine() -> dict[str, Any]:
    """Return the processor, the number of threads it gives this process, and the versions of what is installed.

    Examples
    --------
    >>> sorted(machine())
    ['cpu', 'python', 'system', 'threads', 'versions']
    """
    return {
        "cpu": _processor(),
        "threads": getattr(os, "process_cpu_count", os.cpu_count)(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
