//! Watches the certificates behind OIDC issuers, compares their thumbprints with AWS IAM, and exports what it finds to
//! Prometheus. `ARCHITECTURE.md` is the map: settings and IAM name the targets, [`poll`] looks at them, [`chain`],
//! [`window`] and [`verdict`] judge what was seen, [`agent`] keeps the [`snapshot`], [`metrics`] and [`web`] show it.

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
pub mod report;
pub mod sightings;
pub mod snapshot;
pub mod systemd;
pub mod verdict;
pub mod web;
pub mod window;
