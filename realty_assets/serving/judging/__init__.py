"""The page of honest evaluation."""
