//! What the commands and the status page say: in go captures, judgements and snapshots, out comes plain data in words, with
//! its forms as text, JSON and PEM. Pure; nothing here knows where the words go.

mod aws_cli;
mod cautions;
mod chain;
mod endpoint;
mod fleet;
mod fleet_table;
mod inspection;
mod one_look;
mod pem;
mod problem;
mod shown;
mod style;
mod text;
mod warnings;

pub(crate) use chain::{AnchorReport, CertificateReport, ChainReport};
pub(crate) use endpoint::ErrorReport;
pub(crate) use fleet::{FleetReport, Row, SCHEMA_VERSION};
pub(crate) use inspection::Inspection;
pub(crate) use pem::as_pem;
pub(crate) use problem::ProblemReport;
pub(crate) use style::Style;
pub(crate) use text::inspection as as_text;
