"""Jobs of the operations room: one for each verb, of the same assets; what it does is its
configuration."""

from __future__ import annotations

import dagster as dg

SAID = {
    "backup": "Makes a backup of the home; where to and why is its configuration.",
    "switch": "Pauses or resumes publishing or automation, as its configuration says.",
    "withdraw": "Withdraws a published page, or gives it back, as its configuration says.",
    "rescore": "Makes the values of a window again with the champion of now.",
    "evidence": "Makes the evidence pack of a release; where to and why is its configuration.",
    "review": "Takes the verdicts of a reviewer's sheet in as rows.",
    "retain": "Lets go of what the home's retention policy does not keep.",
}
OPERATIONS_JOBS = {
    name: dg.define_asset_job(
        name, selection=dg.AssetSelection.groups("operations"), description=text
    )
    for name, text in SAID.items()
}
