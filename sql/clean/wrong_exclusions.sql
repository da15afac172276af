-- One row per promise about exclusions and homes, with how many rows break it.
SELECT 'an excluded sale stands in clean.exclusions with its rule, and no other does' AS promise, count(*) AS n_wrong
FROM (SELECT source, listing_key, excluded_by FROM clean.sales WHERE excluded_by IS NOT NULL) AS sales
FULL JOIN clean.exclusions AS exclusions USING (source, listing_key)
WHERE sales.excluded_by IS DISTINCT FROM exclusions.rule_id
UNION ALL
SELECT 'every exclusion has a reason, a rule version and somebody who decided', count(*)
FROM clean.exclusions
WHERE coalesce(reason, '') = '' OR rule_version IS NULL OR decided_by IS NULL
ORDER BY promise
