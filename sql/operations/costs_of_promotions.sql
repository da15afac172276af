-- One row per promotion, oldest first: what modelling cost since the one before it, and by how many percent its mean absolute error of log price lies below its champion's on the same sales (empty: no pairs).
WITH promoted AS (
    SELECT
        name,
        model_version,
        champion_version,
        decided_at,
        lag(decided_at, 1, TIMESTAMP '1970-01-01') OVER (ORDER BY decided_at, decision_id) AS since
    FROM promotion.decisions
    WHERE verdict = 'promote' AND coalesce(approval, '') <> 'waiting'
),

paired AS (
    SELECT
        name,
        model_version,
        champion_version,
        avg(abs(ln(value / close_price))) AS own,
        avg(abs(ln(champion_value / close_price))) AS champions
    FROM promotion.paired_sales
    WHERE excluded_by IS NULL AND value > 0 AND champion_value > 0 AND close_price > 0
    GROUP BY name, model_version, champion_version
),

spent AS (
    SELECT started_at, est_cost_usd
    FROM operations.costs
    WHERE asset LIKE 'modeling.%' OR asset LIKE 'promotion.%'
)

SELECT
    promoted.name,
    promoted.model_version,
    promoted.decided_at,
    coalesce(
        (
            SELECT sum(spent.est_cost_usd)
            FROM spent
            WHERE spent.started_at > promoted.since AND spent.started_at <= promoted.decided_at
        ),
        0
    ) AS est_cost_usd,
    100 * (1 - paired.own / paired.champions) AS gain_percent
FROM promoted
LEFT JOIN paired
    ON
        paired.name = promoted.name
        AND paired.model_version = promoted.model_version
        AND paired.champion_version = promoted.champion_version
ORDER BY promoted.decided_at, promoted.name
