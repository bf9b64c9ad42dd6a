//! What other projects' checkers say about this one's files and output. `tests/run` installs them.

mod dependencies;
mod layers;
mod prometheus;
mod systemd;
mod text;
