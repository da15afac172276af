-- One row per active listing and listing track that has a champion ($tracks): who is to be valued.
SELECT listings.source, listings.listing_key, asked.track
FROM clean.listings AS listings
CROSS JOIN (SELECT unnest($tracks::VARCHAR[]) AS track) AS asked
WHERE listings.standard_status = 'Active'
