"""From MLS exports and listing photos to home valuations with audited intervals."""

__version__ = "0.1.0"
