-- One row is one sale of the headline backtest whose as_of lies in the window: its features, and
-- what was said of it then.
SELECT
    features.*,
    said.prediction AS stored_value,
    said.model_version AS stored_version
FROM query_table($matrix) AS features
JOIN modeling.predictions AS said USING (listing_key, close_date, as_of)
WHERE said.is_headline
    AND said.track = $track
    AND features.role = 'sale'
    AND as_of BETWEEN $first AND $last
QUALIFY row_number() OVER (PARTITION BY listing_key, close_date ORDER BY said.cutoff DESC) = 1
ORDER BY listing_key, close_date
