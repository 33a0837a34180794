"""What a user can choose: plain data, one declaration per thing."""
