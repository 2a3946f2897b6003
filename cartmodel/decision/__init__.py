"""The posterior turned into advice about a dose."""
