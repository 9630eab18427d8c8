"""What is found by solving, not by reading the table: intensities between nothing and all, and what others do meanwhile."""
