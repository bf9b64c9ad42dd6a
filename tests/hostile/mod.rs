//! Bytes from strangers, and servers that mean harm.

mod documents;
mod first_flight;
mod neighbours;
#[path = "../fuzz/properties.rs"]
mod properties;
