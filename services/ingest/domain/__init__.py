"""What makes an event acceptable, who it belongs to, and what it does to a profile. Pure: no AWS, no clock."""
