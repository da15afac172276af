"""What a daemon does with one sensor, tick by tick."""

from __future__ import annotations

import dagster as dg


class Ticks:
    """Evaluates `sensor` on `instance`; keeps its cursor as the daemon keeps it."""

    def __init__(self, sensor: dg.SensorDefinition, instance: dg.DagsterInstance) -> None:
        self.sensor, self.instance, self.cursor = sensor, instance, None

    def said(self) -> dg.RunRequest | str | None:
        """The one run that a tick asks for, why it asks for none, or None where it says nothing."""
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor) as context:
            said = self.sensor(context)
        if isinstance(said, dg.SkipReason):
            return str(said.skip_message)
        assert isinstance(said, dg.SensorResult)
        self.cursor = said.cursor or self.cursor
        if not said.run_requests:
            return None
        (request,) = said.run_requests
        return request

    def tick(self) -> dg.RunRequest | None:
        """The run that a tick asks for, if any."""
        said = self.said()
        return said if isinstance(said, dg.RunRequest) else None


def made(
    assets: list[dg.AssetsDefinition],
    instance: dg.DagsterInstance,
    *keys: dg.AssetKey,
    tags: dict[str, str] | None = None,
) -> bool:
    """Whether a run of `keys` goes well."""
    return dg.materialize(
        assets,
        instance=instance,
        selection=dg.AssetSelection.assets(*keys),
        tags=tags or {},
        raise_on_error=False,
    ).success
