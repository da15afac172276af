-- One row per home that stands in one only of the two: the batch, or its shadow.
WITH published AS (
    SELECT track, as_of, model_version AS champion_version, source, property_key, listing_key
    FROM serving.valuations
    UNION ALL
    SELECT track, as_of, model_version, source, property_key, listing_key
    FROM serving.listing_valuations
),

standing AS (
    SELECT shadows.*
    FROM serving.shadow_valuations AS shadows
    SEMI JOIN published USING (track, as_of, champion_version)
),

batches AS (
    SELECT DISTINCT track, as_of, champion_version FROM standing
)

SELECT 'no shadow value' AS wrong, published.track, published.source, published.listing_key
FROM published
SEMI JOIN batches USING (track, as_of, champion_version)
ANTI JOIN standing USING (track, as_of, champion_version, source, property_key, listing_key)
UNION ALL
SELECT 'not in the batch', standing.track, standing.source, standing.listing_key
FROM standing
ANTI JOIN published USING (track, as_of, champion_version, source, property_key, listing_key)
