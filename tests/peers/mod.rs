//! The daemon beside other projects' programs, each a process on loopback. `tests/run` installs them.

mod blackbox;
mod fault_proxy;
mod moto;
mod program;
mod prometheus;
mod systemd;
