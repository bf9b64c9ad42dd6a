//! Watches the certificates behind OIDC issuers, compares their thumbprints with AWS IAM, and exports what it finds to
//! Prometheus. `ARCHITECTURE.md` is the map: [`config`] and [`aws`] name the [`targets`], [`poll`] looks at them, [`chain`],
//! [`observe`] and [`verdict`] judge what was seen, [`agent`] keeps the [`snapshot`], [`memory`] takes
//! it across restarts, [`metrics`], [`report`] and [`web`]
//! show it; [`daemon`] and [`cli`] put it all together.

#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

pub mod agent;
pub mod aws;
pub mod chain;
pub mod cli;
pub mod clock;
pub(crate) mod config;
pub(crate) mod daemon;
pub mod endpoint;
pub mod files;
pub mod host_pattern;
pub mod issuer;
pub(crate) mod listen_address;
pub(crate) mod log_limit;
pub mod memory;
pub mod metrics;
pub mod observe;
pub(crate) mod off_loop;
pub(crate) mod plural;
pub mod poll;
pub(crate) mod printable;
pub mod provider;
pub mod proxy;
pub mod refusal;
pub(crate) mod report;
pub(crate) mod secp521r1;
pub mod snapshot;
pub(crate) mod spelling;
pub mod systemd;
pub mod targets;
pub mod trust_files;
pub mod verdict;
pub mod web;
