"""What can be looked at while a network trains: one file each, arrays out."""
