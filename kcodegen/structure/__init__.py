"""Graph -> Outline: blocks, loops, and their exact inverse."""
