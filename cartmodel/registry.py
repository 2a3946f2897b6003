"""Names that users may add to, with a nearest name in every 'unknown' message."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from cartmodel.errors import UnknownNameError


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the hint for an unknown name: the nearest known one, if there is any, and the full list.

    Examples
    --------
    >>> nearest("stien", ["stein", "stein_smooth"])
    "did you mean 'stein'? known: stein, stein_smooth"
    >>> nearest("logistic", ["stein", "stein_smooth"])
    'one of: stein, stein_smooth'
    """
    names = sorted(known)
    close = get_close_matches(name.lower(), names, n=1)
    hint = f"did you mean '{close[0]}'? known:" if close else "one of:"
    return f"{hint} {', '.join(names)}"


class Registry[T](Mapping[str, T]):
    """A mapping from names to registered values.

    Parameters
    ----------
    kind : str
        What the values are, for messages: ``"structure"``, ``"sampler"``.

    Examples
    --------
    >>> samplers = Registry[int]("sampler")
    >>> samplers.add("nutpie", 1)
    >>> samplers["nutpi"]
    Traceback (most recent call last):
    ...
    cartmodel.errors.UnknownNameError: unknown sampler 'nutpi': did you mean 'nutpie'? known: nutpie
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def add(self, name: str, value: T) -> None:
        """Register ``value`` under a name that is still free."""
        if name in self._entries:
            raise ValueError(f"{self.kind} '{name}' is already registered")
        self._entries[name] = value

    def __getitem__(self, name: str) -> T:
        if name not in self._entries:
            raise UnknownNameError(f"unknown {self.kind} '{name}': {nearest(name, self._entries)}")
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
