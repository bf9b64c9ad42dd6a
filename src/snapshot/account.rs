//! What is known of an IAM account: whether it can be read, and since when.

use std::sync::Arc;

use enum_map::EnumMap;

use crate::aws::{AccountError, AccountReason, UnusableProvider};
use crate::clock::Timestamp;
use crate::provider::ACCOUNT_NOT_KNOWN;

/// What is known of an IAM account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountState {
    /// Twelve digits, once an ARN has told.
    pub id: Option<String>,
    /// Times that it was read, or tried.
    pub polls: u64,
    /// How many of them failed, by reason.
    pub failures: EnumMap<AccountReason, u64>,
    /// Start of the last reading that got everything.
    pub last_success: Option<Timestamp>,
    /// Readings in a row that listed nothing, where there were providers before.
    pub empty_readings: u32,
    /// Why the last one failed.
    pub error: Option<AccountError>,
    /// Providers that it lists and that cannot be watched; `None` before the first list.
    pub unusable: Option<Arc<[UnusableProvider]>>,
}

impl AccountState {
    /// The last reading got everything.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.polls > 0 && self.error.is_none()
    }

    /// Providers that it lists and that cannot be watched.
    pub fn unusable(&self) -> &[UnusableProvider] {
        self.unusable.as_deref().unwrap_or_default()
    }

    /// The value of the label `account_id`.
    #[must_use]
    pub fn label(&self) -> &str {
        self.id.as_deref().unwrap_or(ACCOUNT_NOT_KNOWN)
    }
}
