//! Health checks with deadlines, hysteresis, dependencies and history.
