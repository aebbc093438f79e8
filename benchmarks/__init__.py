"""What is measured against what; `make bench` runs it all."""
