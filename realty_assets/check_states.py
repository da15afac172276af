"""What asset checks said last, from the event log."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg


def check_states(instance: dg.DagsterInstance, names: Iterable[str]) -> dict[str, str]:
    """passed, failed or "did not end", by name (asset:check); without those that never ran."""
    keys = {}
    for name in names:
        asset, _, check = name.partition(":")
        keys[dg.AssetCheckKey(dg.AssetKey(asset.split("/")), check)] = name
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
    said = {"SUCCEEDED": "passed", "FAILED": "failed"}
    # The storage answers for checks of the same name on other assets, too.
    return {
        keys[key]: said.get(one.status.value, "did not end")
        for key, one in found.items()
        if key in keys
    }
