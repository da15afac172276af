-- One row: what the embeddings were last made from, and what they held.
SELECT input_hash, output_hash
FROM ledger.builds
WHERE table_name = 'multimodal.embeddings'
