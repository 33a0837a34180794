"""Qt parts of the window: values in, signals out; each one runs alone with `python -m widgets.<name>`."""
