"""blackjax's NUTS, called directly: PyMC's way to it calls names that blackjax 1.7 no longer has."""

import time
from typing import Any

import numpy as np
import xarray as xr

from cartmodel.errors import SamplerError
from cartmodel.inference.samplers import Sampling, load, sampler, stored_variables
from cartmodel.inference.target import Target

_TRIES = 20


@sampler("blackjax")
def blackjax(target: Target, sampling: Sampling) -> xr.DataTree:
    """Sample PyMC's graph in JAX with blackjax's NUTS and its window adaptation, one chain after the other."""
    nuts, jax = load("blackjax"), load("jax")
    jax.config.update("jax_enable_x64", True)
    model = target.model
    started = time.perf_counter()
    log_density = _in_jax(model, [model.logp()])

    def one_chain(key: Any, position: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        warming, drawing = jax.random.split(key)
        adaptation = nuts.window_adaptation(nuts.nuts, log_density, target_acceptance_rate=sampling.target_accept)
        (state, tuned), _ = adaptation.run(warming, position, num_steps=sampling.tune)
        _, (positions, diverging, steps) = nuts.util.run_inference_algorithm(
            drawing,
            nuts.nuts(log_density, **tuned),
            sampling.draws,
            initial_state=state,
            transform=lambda state, info: (state.position, info.is_divergent, info.num_integration_steps),
        )
        return positions, {"diverging": diverging, "n_steps": steps}

    def chains(keys: Any, positions: dict[str, Any]) -> Any:
        return jax.lax.map(lambda chain: one_chain(*chain), (keys, positions))

    starts = _starts(model, jax.jit(log_density), sampling)
    keys = jax.random.split(jax.random.PRNGKey(sampling.random_seed), sampling.chains)
    compiled = jax.jit(chains).lower(keys, starts).compile()
    compile_time, started = time.perf_counter() - started, time.perf_counter()
    positions, stats = jax.block_until_ready(compiled(keys, starts))
    sampling_time = time.perf_counter() - started
    told = stored_variables(model)
    back = jax.vmap(jax.vmap(_in_jax(model, [model[name] for name in told])))
    posterior = _dataset(model, dict(zip(told, back(positions), strict=True)))
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": _dataset(model, stats)})
    tree.attrs = {"compile_time": compile_time, "sampling_time": sampling_time}
    return tree


def _in_jax(model: Any, outputs: list[Any]) -> Any:
    """Return a function of the unbounded values by name: the one output, or all of them."""
    graphs = model.replace_rvs_by_values(outputs)
    function = load("pymc.sampling.jax").get_jaxified_graph(inputs=model.value_vars, outputs=graphs)
    names = [variable.name for variable in model.value_vars]

    def called(position: dict[str, Any]) -> Any:
        found = function(*(position[name] for name in names))
        return found[0] if len(outputs) == 1 else found

    return called


def _starts(model: Any, log_density: Any, sampling: Sampling) -> dict[str, np.ndarray]:
    """Return a start a chain, where the density is finite: PyMC's initial point moved by up to 1 in each coordinate."""
    rng = np.random.default_rng(sampling.random_seed)
    centre = model.initial_point(random_seed=sampling.random_seed)
    found: list[dict[str, np.ndarray]] = []
    for _ in range(_TRIES * sampling.chains):
        start = {name: value + rng.uniform(-1, 1, np.shape(value)) for name, value in centre.items()}
        if np.isfinite(log_density(start)):
            found.append(start)
        if len(found) == sampling.chains:
            return {name: np.stack([start[name] for start in found]) for name in centre}
    raise SamplerError("no start with a finite density")


def _dataset(model: Any, values: dict[str, Any]) -> xr.Dataset:
    dims = {name: ("chain", "draw", *(model.named_vars_to_dims.get(name) or ())) for name in values}
    used = {name for names in dims.values() for name in names}
    coords = {name: list(labels) for name, labels in model.coords.items() if name in used and labels is not None}
    return xr.Dataset({name: (dims[name], np.asarray(value)) for name, value in values.items()}, coords=coords)
