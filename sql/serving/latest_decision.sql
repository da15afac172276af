-- One row at most: the latest decision on a model.
SELECT reason FROM promotion.decisions ORDER BY decided_at DESC LIMIT 1
