//! The file, version 1: JSON with a line for each thing that is known, and the bytes of the certificates at its end. A member that
//! is not known is passed over, so that one can be added; what changes its meaning needs another version.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::ser::Serializer;

use super::bounded;
use super::lines::Lines;
use super::text::{Canonical, Der, HealthAt, Moment, Plain, Way};
use crate::chain::{Fingerprint, Thumbprint, Unproven};
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::issuer::Issuer;
use crate::provider::ProviderArn;

/// The longest file that is written or read, bytes. Ten thousand providers, each with a host of its own, need less than half.
pub const MAX_STATE_BYTES: usize = 48 << 20;

/// The version of the format.
pub(super) const VERSION: u64 = 1;

/// All that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    pub(super) version: u64,
    pub(super) written: Canonical<Moment>,
    #[serde(deserialize_with = "bounded::entries")]
    pub(super) issuers: BTreeMap<Canonical<Issuer>, KeptIssuer>,
    /// What IAM listed last; nothing when it is not read.
    pub(super) account: Option<KeptAccount>,
    #[serde(default, deserialize_with = "bounded::entries")]
    pub(super) providers: BTreeMap<Canonical<ProviderArn>, KeptProvider>,
    #[serde(deserialize_with = "bounded::entries")]
    pub(super) endpoints: BTreeMap<Canonical<Endpoint>, KeptEndpoint>,
    /// By the fingerprint of the whole chain, the certificates in served order.
    pub(super) chains: BTreeMap<Canonical<Fingerprint>, Vec<Canonical<Fingerprint>>>,
    /// By SHA-256, each once.
    pub(super) certificates: BTreeMap<Canonical<Fingerprint>, Der>,
}

/// Of one issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptIssuer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_endpoint: Option<Canonical<Endpoint>>,
    pub is_complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success: Option<Canonical<Moment>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbprint_changed: Option<Canonical<Moment>>,
    /// Polls since the last one that got everything.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failed_polls: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Canonical<HealthAt>>,
    /// Of what the configuration file expects of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_for_file: Option<Canonical<HealthAt>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub documents: KeptDocuments,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptDocuments {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_response_types: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosed_keys: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptAccount {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success: Option<Canonical<Moment>>,
}

/// Of one provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptProvider {
    /// As last read; nothing when IAM never told.
    pub details: Option<KeptDetails>,
    /// IAM does not list it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Canonical<Moment>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Canonical<HealthAt>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptDetails {
    pub thumbprints: BTreeSet<Canonical<Thumbprint>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub malformed: usize,
    #[serde(deserialize_with = "bounded::client_ids")]
    pub client_ids: BTreeSet<Plain>,
    /// Where it is not as the ARN has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Canonical<Moment>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptEndpoint {
    pub addresses: usize,
    #[serde(default, skip_serializing_if = "is_default")]
    pub unseen: usize,
    pub was_seen_whole: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_private: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_behind_proxy: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes_tls12: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls12_asked: Option<Canonical<Moment>>,
    pub observations: Vec<KeptObservation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptObservation {
    pub via: Canonical<Way>,
    pub chain: Canonical<Fingerprint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unproven: Option<Unproven>,
    pub first_seen: Canonical<Moment>,
    pub last_seen: Canonical<Moment>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub looks_absent: u32,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Memory {
    /// The file.
    ///
    /// # Errors
    /// When a value cannot be written, which is a defect.
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = Vec::new();
        self.serialize(&mut Serializer::with_formatter(&mut bytes, Lines::default()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// When it was written.
    #[must_use]
    pub fn written(&self) -> Timestamp {
        self.written.0.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{minute, snapshot};
    use super::*;

    #[test]
    fn it_reads_what_it_wrote_and_a_person_can_read_it_too() {
        let memory = Memory::of(&snapshot(), minute(3));
        let bytes = memory.bytes().unwrap();
        assert_eq!(Memory::read(&bytes, minute(3)).unwrap(), memory);
        let text = String::from_utf8(bytes).unwrap();
        for line in [
            "{\n \"version\": 1,\n \"written\": \"2025-11-24T16:03:00.123Z\",\n \"issuers\": {\n",
            "\n  \"https://a.example/id/X\": {\"jwks_endpoint\": \"keys.example:8443\", \"is_complete\": true, ",
            "\"last_success\": \"2025-11-24T16:02:00.123Z\", \"thumbprint_changed\": \"2025-11-24T16:01:00.123Z\"",
            "\n  \"arn:aws:iam::123456789012:oidc-provider/a.example/id/X/\": {\"details\": null, \"missing_since\": \"2025-11-24T16:02:00.123Z\", ",
            "\"health\": \"failing since 2025-11-24T16:02:00.123Z\"}\n },\n",
            "\"via\": \"proxy\", ",
            "\"unproven\": \"unreadable_leaf\", ",
            "\"looks_absent\": 2}, {",
            "\n  \"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\": \"YQ==\"\n }\n}\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        // Each certificate and each chain once.
        assert_eq!((memory.certificates.len(), memory.chains.len()), (6, 3));
        assert_eq!(text.matches("\"YQ==\"").count(), 1);
    }

    #[test]
    fn a_member_of_a_later_program_is_passed_over() {
        let memory = Memory::of(&snapshot(), minute(3));
        let text = String::from_utf8(memory.bytes().unwrap()).unwrap();
        let more = text.replace("\"is_complete\"", "\"later\": {\"is\": [\"failing\", 3]}, \"is_complete\"");
        assert_ne!(more, text);
        assert_eq!(Memory::read(more.as_bytes(), minute(3)).unwrap(), memory);
    }
}
