//! The lab itself, held against OpenSSL and against clients of our own making.

use crate::lab::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_starts() {
    let lab = Lab::start().await;
    assert_eq!(lab.issuers.len(), 8);
}
