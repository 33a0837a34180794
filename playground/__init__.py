"""The application: window, controller, worker client, command line."""
