"""The one base of errors that a user can act on: the CLI prints them as a single sentence."""

from __future__ import annotations


class RealtyError(Exception):
    """Says what is wrong, where, and what to do about it, in one sentence."""
