"""The service over HTTP: sign-in, the gate before every route, forms, the JSON API."""
