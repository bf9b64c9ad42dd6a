//! All integration tests, in one binary so that the AWS SDK is linked once.
//!
//! Where does a new test belong? By what it looks at, in the first of these that fits:
//!
//! - It needs no process and no network: a unit test beside the code in `src/`, or `chain` where it needs certificates.
//! - It needs other people's programs: `peers` if they run beside the daemon, `lint` if they only read what is here.
//! - A command prints and ends: `commands`. A browser or a program asks the web server: `page`. The server itself, its TLS,
//!   logins and limits: `web`.
//! - What is told depends on what an issuer serves: `issuers`. On what IAM lists or refuses: `providers`.
//! - A proxy is on the way: `proxy`.
//! - The daemon as a process: signals, reloads, systemd, its log: `operations`.
//! - A panel, a query, an alert or a runbook: `dashboards`. A word, a link or a table in README.md or docs/: `docs`.
//! - Nothing must come of it, however bad the input: `hostile`.
//!
//! What a test needs beside its own lines is in `support`, which holds no test. A new behaviour of an issuer or of IAM goes to
//! `support/lab`, and is proved there by `lab_selftest` before anything rests on it.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

// Served chains: what pure functions make of made, real, random and damaged certificates.
mod chain;
// `inspect` and `check` as people and scripts meet them: arguments, two streams and an exit code.
mod commands;
// Grafana's dashboards and the alert rules, without Grafana: they parse, agree, and point at what exists.
mod dashboards;
// README.md, docs/ and the runbooks: what they name exists, and what they list is complete.
mod docs;
// Bytes from strangers, and servers that mean harm: refused, within bounds, at nobody else's expense.
mod hostile;
// What the metrics say of an issuer, for each way in which it can serve a chain or fail to.
mod issuers;
// The lab itself, held against OpenSSL, the AWS SDK and a plain client.
mod lab_selftest;
// Other projects' checkers on the files and the output of this one.
mod lint;
// Day 2: starts and ends, reloads, the service manager, and what is left in the log.
mod operations;
// What the web server shows of the state: pages in a real browser, JSON for programs, polls on demand.
mod page;
// The daemon beside other projects' servers: Prometheus, blackbox_exporter, moto's IAM, systemd's socket,
// tinyproxy, OpenBao as an issuer, SeaweedFS's STS.
mod peers;
// What the metrics say of a provider, for each list and each failure of IAM.
mod providers;
// No tests: the lab, the daemon as a process, oracles, and other helpers.
mod support;
// A network whose only way out is an HTTP proxy: issuers and AWS behind it, and what must not go there.
mod proxy;
// The HTTP server as clients meet it: its configuration file, TLS, logins, formats and limits.
mod web;
