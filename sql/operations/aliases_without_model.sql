-- One row per alias of a model version that modeling.models does not have.
SELECT aliases.name, aliases.alias, aliases.model_version
FROM promotion.aliases AS aliases
ANTI JOIN modeling.models AS models USING (name, model_version)
ORDER BY 1, 2
