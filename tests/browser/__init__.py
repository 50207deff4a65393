"""The built book in a browser: `make test-browser`."""
