"""What governments would do on their own, against each other and together."""
