"""DynamoDB and Step Functions behind the ports."""
