"""The CDK app: the only description of the system, for an AWS account and for the embedded default alike."""
