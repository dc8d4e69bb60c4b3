"""DynamoDB, SES and End User Messaging behind the ports."""
