"""What people and programs read: files of results, terminal tables, progress. Computes nothing."""
