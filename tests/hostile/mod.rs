//! Bytes from strangers, and servers that mean harm.

mod documents;
mod every_text;
mod first_flight;
mod neighbours;
#[path = "../fuzz/properties.rs"]
mod properties;
