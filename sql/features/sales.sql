-- One row per sale, with the day of its contract where one was seen.
SELECT sales.*, contracts.purchase_contract_date
FROM clean.sales AS sales
LEFT JOIN clean.contracts AS contracts USING (source, listing_key)
