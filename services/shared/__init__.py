"""The kernel: event contracts and AWS plumbing that every service's zip carries. Never a business rule."""
