//! Follows log files through rotation, truncation and restarts, and counts what matches.
