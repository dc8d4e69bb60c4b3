"""The events services meet in: pure pydantic, one module per publishing service.

A detail carries a list, because EventBridge bills the entry: `{"changes": [...]}`. Consumers ignore fields they do
not know; producers can't invent any.
"""
