//! The engine against small servers on loopback sockets.

mod http2;
mod loads;
mod open;
mod outcomes;
mod sessions;
mod upstream;
