-- One row per home that is both valued and explained: what was published, and what its parts sum to.
-- Of one model, day and state of the features only: explanations made before the features that the
-- values were made from explain other values.
WITH made AS (
    SELECT
        max(built_at) FILTER (table_name = 'features.matrix') AS features_at,
        max(built_at) FILTER (table_name = 'analysis.attributions') AS explained_at,
        max(built_at) FILTER (table_name = 'serving.valuations') AS valued_at
    FROM ledger.builds
),
explained AS (
    SELECT
        role,
        property_key,
        listing_key,
        track,
        as_of,
        model_version,
        sum(CAST(dollars_usd AS DECIMAL(24, 8))) AS explained_usd
    FROM analysis.attributions
    WHERE role IN ('active', 'property')
    GROUP BY ALL
)
SELECT
    valuations.property_key,
    valuations.listing_key,
    valuations.value AS published_usd,
    CAST(explained_usd AS DOUBLE) AS explained_usd,
    abs(CAST(explained_usd AS DOUBLE) - valuations.value) > 1e-6 * valuations.value AS differs
FROM serving.valuations
INNER JOIN explained
    ON valuations.property_key = explained.property_key
    AND (explained.role = 'property' OR valuations.listing_key = explained.listing_key)
    AND valuations.track = explained.track
    AND valuations.as_of = explained.as_of
    AND valuations.model_version = explained.model_version
CROSS JOIN made
WHERE valuations.value IS NOT NULL AND explained_at >= features_at AND valued_at >= features_at
