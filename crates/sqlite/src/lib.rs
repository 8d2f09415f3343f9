//! The stores of the engines in SQLite.
