-- One row per line of a manifest that the ledger does not hold yet.
SELECT * FROM incoming_manifest
EXCEPT
SELECT * FROM ledger.photo_manifest
