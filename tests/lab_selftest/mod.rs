//! What the tests rest on, held against others: the lab against OpenSSL, the AWS SDK and a plain client, the browser against
//! pages with known faults.

mod behaviours;
mod browser;
mod chains;
mod iam;
