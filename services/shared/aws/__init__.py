"""AWS plumbing: the only place that makes boto3 clients."""
