"""What people write of a brand on forums, as a score of the forum and of the segments it stands for; of nobody."""
