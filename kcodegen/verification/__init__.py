"""Proves a page right with the real Keras: rebuilds it and compares configs and numbers."""
