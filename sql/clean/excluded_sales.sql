-- One row is a sale that is excluded, or on which somebody has decided.
SELECT
    listing_key,
    source,
    close_date,
    close_price,
    unparsed_address,
    excluded_by,
    ruled_out_by,
    decision,
    decided_by,
    decision_reason
FROM clean.sales
WHERE (excluded_by IS NOT NULL OR decision IS NOT NULL)
    AND ($rule IS NULL OR excluded_by = $rule OR list_contains(rule_ids, $rule))
ORDER BY decision IS NULL, close_date DESC, source, listing_key
LIMIT $most
