"""The interaction models: graphs and closed forms around any fusion."""
