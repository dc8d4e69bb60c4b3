"""Access: who may use the marketers' API. Owns the HTTP API's authorizer; deployed with the platform stack."""
