#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod agent;
pub mod aws;
pub mod chain;
pub mod cli;
pub mod clock;
pub mod config;
pub mod issuer;
pub mod metrics;
pub mod poll;
pub mod provider;
pub mod snapshot;
pub mod systemd;
pub mod verdict;
pub mod web;
pub mod window;
