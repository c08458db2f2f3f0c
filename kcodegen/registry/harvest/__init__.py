"""Reads an installed Keras and writes the registry's data; the only code here that imports it."""
