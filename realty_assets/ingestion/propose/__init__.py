"""Drafts a mapping for a file of an unknown vendor: what each heading may mean, and how sure."""

from realty_assets.ingestion.propose.draft import Draft, propose

__all__ = ["Draft", "propose"]
