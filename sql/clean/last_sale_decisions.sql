-- One row is the last decision on one sale.
SELECT *
FROM ledger.sale_decisions
QUALIFY row_number() OVER (PARTITION BY source, listing_key ORDER BY decision_number DESC) = 1
ORDER BY source, listing_key
