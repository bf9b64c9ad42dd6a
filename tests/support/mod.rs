//! What the suites have in common; no test stands here.

pub mod browser;
pub mod connect_proxy;
pub mod daemon;
pub mod fault_proxy;
pub mod hang;
pub mod https;
pub mod lab;
pub mod look;
pub mod made;
pub mod manual_procedure;
pub mod memory;
pub mod openssl;
pub mod openssl_ca;
pub mod pager;
pub mod process;
pub mod random;
pub mod real;
pub mod server;
pub mod service_manager;
pub mod stage;
pub mod tls_front;
pub mod told;
pub mod venv;
pub mod watch;
pub mod web_certificates;
