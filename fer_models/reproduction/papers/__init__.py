"""What the four papers print: one file a paper, data only."""
