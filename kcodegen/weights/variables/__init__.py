"""The variables of a model: which slots each layer has, without building it."""
