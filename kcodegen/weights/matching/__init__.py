"""Which array of a file goes into which variable of a model, and in which layout."""
