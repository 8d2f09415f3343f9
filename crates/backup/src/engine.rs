//! Backup, restore, check and forget.
