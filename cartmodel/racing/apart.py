"""A function in a process of its own, for a limited time."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from cartmodel.errors import SamplerError


def in_time[T](function: Callable[..., T], *arguments: Any, seconds: float) -> T:
    """Return what a function returns, called in a fresh process.

    Parameters
    ----------
    function : callable
        Importable by its name: of a module, or of the script that runs; one of a notebook cannot be found there.
    *arguments :
        Its arguments.
    seconds : float
        How long it may take, the start of the process included.

    Raises
    ------
    TimeoutError
        If it takes longer; the process is ended, with all that it started.
    SamplerError
        With the function's own error, or the exit code of a process that broke off.
    """
    context = multiprocessing.get_context("spawn")  # forks of a process with threads or a JAX in it hang
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(there, function, arguments))
    try:
        process.start()
    except Exception as error:  # whatever a lambda, or a function within a function, gives
        raise SamplerError(
            "with a time limit it must be a function at the top of a module or script; accepted: such a one, or no time"
            f" limit ({error})"
        ) from error
    there.close()
    try:
        if not here.poll(seconds):
            raise TimeoutError(f"not done in {seconds:g} s")
        done, content = here.recv()
    except EOFError:
        process.join()
        raise SamplerError(f"the process broke off with exit code {process.exitcode}") from None
    finally:
        _end(process)
        here.close()
    if not done:
        raise SamplerError(content)
    return content


def _call(answer: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # so that chains and programs that it starts end with it
    silence = os.open(os.devnull, os.O_WRONLY)  # samplers talk, some of them for pages; what matters comes back
    for stream in (1, 2):
        os.dup2(silence, stream)
    try:
        answer.send((True, function(*arguments)))
    except BaseException as error:  # a panic of nutpie's Rust side is not even an Exception
        answer.send((False, told(error)))


def told(error: BaseException) -> str:
    """Return an error in one line: a sampler's own words, or the kind of an error that nobody foresaw.

    Examples
    --------
    >>> told(SamplerError("no package")), told(ZeroDivisionError("division by zero"))
    ('no package', 'ZeroDivisionError: division by zero')
    """
    text = " ".join(str(error).split())
    text = text if isinstance(error, SamplerError) else f"{type(error).__name__}: {text}"
    return text if len(text) <= 160 else f"{text[:159]}…"


def _end(process: Any) -> None:
    process.join(timeout=2)
    if process.is_alive():
        if hasattr(os, "killpg") and os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.join()
