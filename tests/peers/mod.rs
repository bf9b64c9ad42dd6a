//! The daemon beside other projects' programs, each a process on loopback. `tests/run` installs them.

mod blackbox;
mod federation;
mod moto;
mod pager;
mod prometheus;
mod systemd;
mod tinyproxy;
