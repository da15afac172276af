"""`realty doctor`: everything that can be wrong with a home, and how to mend each."""
