"""Files of weights: what each container holds, seen at once and read in pieces."""
