-- One row per closed listing that was seen under contract: the day of the contract that led to the sale.
-- A contract that fell through is followed by a version on the market again, and does not count.
WITH states AS (
    SELECT
        source,
        listing_key,
        known_at,
        standard_status IN ('Active Under Contract', 'Pending') AS under_contract,
        standard_status IN ('Active', 'Coming Soon', 'Withdrawn', 'Canceled', 'Expired') AS on_market
    FROM clean.listing_versions
),
closed AS (
    -- The version that tells of the sale, as in closings.sql: what is told later changes nothing.
    SELECT source, listing_key, known_at AS closed_at, close_date, listing_contract_date
    FROM clean.listing_versions
    WHERE standard_status = 'Closed' AND close_price IS NOT NULL AND close_date IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY source, listing_key ORDER BY known_at, row_hash, file_hash, record_number
    ) = 1
),
last_offered AS (
    SELECT source, listing_key, max(states.known_at) AS offered_at
    FROM closed
    JOIN states USING (source, listing_key)
    WHERE states.on_market AND states.known_at < closed.closed_at
    GROUP BY source, listing_key
),
agreed AS (
    SELECT
        source,
        listing_key,
        any_value(closed.close_date) AS close_date,
        any_value(closed.listing_contract_date) AS listing_contract_date,
        CAST(min(states.known_at) AS DATE) AS purchase_contract_date
    FROM closed
    JOIN states USING (source, listing_key)
    LEFT JOIN last_offered USING (source, listing_key)
    WHERE states.under_contract
        AND states.known_at < closed.closed_at
        AND states.known_at > coalesce(last_offered.offered_at, '-infinity'::TIMESTAMP)
    GROUP BY source, listing_key
)
SELECT source, listing_key, purchase_contract_date
FROM agreed
WHERE purchase_contract_date <= close_date
    AND (listing_contract_date IS NULL OR purchase_contract_date >= listing_contract_date)
