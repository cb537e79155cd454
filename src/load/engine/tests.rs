//! The engine against small servers on loopback sockets.

mod arms;
mod http2;
#[cfg(target_os = "linux")]
mod lags;
mod loads;
mod open;
mod outcomes;
mod sessions;
mod spending;
mod upstream;
