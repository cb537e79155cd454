//! The HTTP listener that serves the simulator.
