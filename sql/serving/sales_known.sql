-- One row per sale that was known before $as_of, with the day of its contract where one was seen.
SELECT sales.*, contracts.purchase_contract_date
FROM clean.sales AS sales
LEFT JOIN clean.contracts AS contracts USING (source, listing_key)
WHERE sales.known_at < $as_of AND sales.close_date < $as_of
