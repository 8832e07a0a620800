"""The command API over HTTP: `POST /v1/commands/<kebab-name>`."""
