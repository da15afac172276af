"""What of monitoring's findings a person is told of, until somebody has seen to it."""
