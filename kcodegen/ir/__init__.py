"""The intermediate representations: frozen values that every room reads and none changes."""
