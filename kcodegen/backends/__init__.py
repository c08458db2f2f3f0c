"""Outline + names -> Program; one small file per target."""
