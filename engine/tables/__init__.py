"""Tables of the user's own: CSV, TSV and NPZ files read within limits, each error one sentence with its place."""
