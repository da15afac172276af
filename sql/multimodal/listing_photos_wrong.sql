-- One row: how many listings have two rows, and how many rows say what cannot be.
SELECT
    count(*) - count(DISTINCT (source, listing_key)) AS n_twice,
    count(*) FILTER (WHERE list_contains(tracks, 'off_market')) AS n_off_market,
    count(*) FILTER (
        WHERE (n_photos > 0) <> (mean_embedding IS NOT NULL)
        OR (n_photos > 0) <> (first_embedding IS NOT NULL)
    ) AS n_unlike_count
FROM multimodal.listing_photos
