//! Services through the deaths of all who look after them, and through faults of their own.

mod deaths;
mod faults;
mod sandboxed;
mod scene;
mod starts;
