-- One row per file or folder below the home that a table names.
SELECT path FROM serving.reports
UNION ALL
SELECT path FROM serving.evaluation_reports
UNION ALL
SELECT path FROM exploration.reports
UNION ALL
SELECT artifact FROM modeling.models
UNION ALL
SELECT path FROM publish.manifests
UNION ALL
SELECT path FROM analysis.takeaways
UNION ALL
SELECT path FROM monitoring.days
UNION ALL
SELECT path FROM monitoring.evidently_reports
