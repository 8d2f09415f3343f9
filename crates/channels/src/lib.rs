//! The one HTTP client of everything that goes out.
