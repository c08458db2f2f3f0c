"""Names: of layers, as Keras counts them, and of what the page defines."""
