-- One row per headline window: how often it was opened, and how many candidates came before.
SELECT
    openings.track,
    openings.backtest_id,
    count(*) AS n_openings,
    count(DISTINCT candidate) AS n_candidates,
    max(n_tried) AS n_tried
FROM modeling.openings AS openings
SEMI JOIN (SELECT backtest_id FROM modeling.backtests WHERE is_headline) AS headline
    USING (backtest_id)
GROUP BY openings.track, openings.backtest_id
ORDER BY openings.track
