-- One row per sale that no model learns from, with the rule that says why.
SELECT
    listing_key,
    property_key,
    source,
    close_date,
    close_price,
    excluded_by AS rule_id,
    $rule_version AS rule_version,
    flags
FROM clean.sales
WHERE excluded_by IS NOT NULL
