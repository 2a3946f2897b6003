"""What a fit says, in print and in a run folder."""
