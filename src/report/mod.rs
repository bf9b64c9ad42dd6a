//! What the commands and the status page say: in go captures, judgements and snapshots, out comes plain data in words, with
//! its forms as text, JSON and PEM. Pure; nothing here knows where the words go.

mod aws_cli;
mod chain;
mod fleet;
mod fleet_table;
mod inspection;
mod pem;
mod shown;
mod style;
mod text;
mod warnings;

pub use aws_cli::Command;
pub use chain::{AnchorReport, CertificateReport, CertificateRole, ChainReport, FieldsReport};
pub use fleet::{FleetReport, Row, Severity};
pub use inspection::{AddressReport, EndpointReport, ErrorReport, Inspection};
pub use pem::as_pem;
pub use style::Style;
pub use text::inspection as as_text;
