"""Histograms of a torch module's gradients and parameters, by hooks that can be taken off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.integrations.arrays import array_of
from nbtrack.integrations.wandb.media import Histogram

_WAYS = ("gradients", "parameters", "all", None)


class Watching:
    """The hooks on modules; ``log`` takes a row's part, as `Run.log` does."""

    def __init__(self, log: Callable[..., None]) -> None:
        self._log = log
        self._hooks: dict[int, list[Any]] = {}
        self._watched = 0

    def begin(self, models: Any, what: str | None, every: int, index: int | None) -> None:
        """Hook modules, one or several. Raises `InvalidValue` for what is none."""
        if what not in _WAYS:
            raise InvalidValue(
                f"watch logs 'gradients', 'parameters', 'all' or None, got {what!r}."
            )
        for model in models if isinstance(models, (tuple, list)) else [models]:
            if not hasattr(model, "named_parameters") or not hasattr(
                model, "register_forward_hook"
            ):
                raise InvalidValue(f"watch takes a torch module, got {type(model).__name__}.")
            number = self._watched if index is None else index
            self._watched += 1
            # The first has no prefix, and W&B puts nothing behind that of the others.
            prefix = f"graph_{number}" if number else ""
            hooks = self._hooks.setdefault(id(model), [])
            if what in ("parameters", "all"):
                hooks.append(model.register_forward_hook(self._on_forward(prefix, every)))
            if what in ("gradients", "all"):
                hooks += [
                    parameter.register_hook(self._on_gradient(f"gradients/{prefix}{name}", every))
                    for name, parameter in model.named_parameters()
                    if parameter.requires_grad
                ]

    def end(self, models: Any) -> None:
        """Take the hooks off these modules, or off all."""
        if models is None:
            chosen = list(self._hooks)
        else:
            several = models if isinstance(models, (tuple, list)) else [models]
            chosen = [id(model) for model in several]
        for each in chosen:
            for hook in self._hooks.pop(each, ()):
                hook.remove()

    def _on_forward(self, prefix: str, every: int) -> Callable[..., None]:
        count = 0

        def log_parameters(module: Any, *_: Any) -> None:
            nonlocal count
            count += 1
            if count % every == 0:
                for name, parameter in module.named_parameters():
                    self._log_spread(f"parameters/{prefix}{name}", parameter)

        return log_parameters

    def _on_gradient(self, key: str, every: int) -> Callable[[Any], None]:
        count = 0

        def log_gradient(gradient: Any) -> None:
            nonlocal count
            count += 1
            if count % every == 0:
                self._log_spread(key, gradient)

        return log_gradient

    def _log_spread(self, key: str, tensor: Any) -> None:
        self._log({key: Histogram(array_of(tensor))}, commit=False)
