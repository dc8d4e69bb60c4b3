"""What a journey document must be, by subject; `validation.py` asks them all."""
