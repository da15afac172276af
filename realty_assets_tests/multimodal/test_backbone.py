"""Which network is asked for, and what is said when it cannot be had."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from realty_assets.multimodal import backbone as module
from realty_assets.multimodal.backbone import (
    DEFAULT,
    Backbone,
    BackboneError,
    ImagePackagesMissing,
    chosen,
    load,
)
from realty_assets.settings import SettingsError, read_settings


def test_the_settings_name_the_network_and_its_weights() -> None:
    default = read_settings({})
    found = chosen(default.photo_backbone, default.photo_weights, default.photo_weights_sha256)
    assert found is not None
    assert found.key == "tf_efficientnet_lite0:579344248a93e230"
    assert chosen("none", None, None) is None
    other = chosen("resnet18.a1_in1k", None, None)
    assert other is not None
    assert other.key == "resnet18.a1_in1k:pretrained"
    own = chosen("resnet18", Path("w.pth"), "AB" * 32)
    assert own is not None
    assert own.key == "resnet18:abababababababab"


def test_half_a_setting_is_refused() -> None:
    with pytest.raises(BackboneError, match="PHOTO_WEIGHTS_SHA256"):
        chosen(DEFAULT, Path("w.pth"), None)
    with pytest.raises(BackboneError, match="without REALTY_PHOTO_WEIGHTS"):
        chosen(DEFAULT, None, "ab" * 32)
    with pytest.raises(SettingsError, match="REALTY_PHOTO_WEIGHTS_SHA256"):
        read_settings({"REALTY_PHOTO_WEIGHTS_SHA256": "abc"})


def test_a_bare_install_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "torch" else found(name))
    with pytest.raises(ImagePackagesMissing, match=r"torch is not installed.*\[image\].*none"):
        load(Backbone(DEFAULT))
