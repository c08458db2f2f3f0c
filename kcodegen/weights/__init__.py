"""Weights: their shapes as the model tells them, and their arrays by exact key."""
