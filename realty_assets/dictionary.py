"""What the tables say of themselves beyond names and types: here, the volatile columns.

A volatile column tells of the run, not of the data (run ids, wall-clock times, durations). It is
left out of fingerprints, so that two homes that know the same are equal.
"""

from __future__ import annotations

VOLATILE: dict[str, frozenset[str]] = {
    "ledger.builds": frozenset({"built_at"}),
    "ledger.contents": frozenset({"first_arrived_at", "last_arrived_at", "run_id", "duration_s"}),
    "ledger.decisions": frozenset({"decision_id", "decided_at", "run_id"}),
    "ledger.events": frozenset({"event_at", "delivery_id", "decision_id", "run_id"}),
    "ledger.files": frozenset({"delivery_id", "arrived_at", "written_at", "run_id", "duration_s"}),
    "ledger.photo_files": frozenset({"arrived_at", "run_id"}),
    "ledger.sale_decisions": frozenset({"decision_id", "decided_at", "run_id"}),
    "modeling.models": frozenset({"trained_at", "duration_s", "run_id"}),
    "modeling.openings": frozenset({"opened_at"}),
    "monitoring.alert_events": frozenset({"noted_at"}),
    "monitoring.evidently_reports": frozenset({"sha256", "n_bytes"}),
    # Numbers differ in their last digits by machine; the key says which they are.
    "multimodal.embeddings": frozenset({"embedding", "embedded_at", "run_id"}),
    "multimodal.listing_photos": frozenset({"mean_embedding", "first_embedding"}),
    "promotion.decisions": frozenset({"decided_at", "ms_per_home"}),
    "promotion.aliases": frozenset({"moved_at"}),
    "promotion.probations": frozenset({"judged_at"}),
}
