"""What both simulators share: filters, batches, tokens, the admin side and the server."""
