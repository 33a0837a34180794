"""The training process and the messages that cross to it."""
