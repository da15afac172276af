"""What photos show, as numbers: embeddings of every photo, and the search among them."""
