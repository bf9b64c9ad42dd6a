//! Cipher suites up to TLS 1.2 that serve a certificate, in the order they are offered: those that this program speaks
//! first, so that a server chooses another only for want of them. No key is ever made with any of them.

use strum::Display;

/// How keys are agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
pub(super) enum Exchange {
    #[strum(to_string = "ECDHE key exchange")]
    Ecdhe,
    #[strum(to_string = "DHE key exchange over a finite field")]
    Dhe,
    #[strum(to_string = "RSA key exchange")]
    Rsa,
    #[strum(to_string = "static ECDH key exchange")]
    StaticEcdh,
}

/// What then encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
pub(super) enum Cipher {
    /// AES-GCM and ChaCha20-Poly1305.
    #[strum(to_string = "AES-GCM or ChaCha20-Poly1305")]
    Usual,
    #[strum(to_string = "a cipher in CCM mode")]
    Ccm,
    #[strum(to_string = "ARIA")]
    Aria,
    #[strum(to_string = "a cipher in CBC mode")]
    Cbc,
    #[strum(to_string = "RC4")]
    Rc4,
}

/// Suites that have both in common.
pub(super) struct Group {
    pub exchange: Exchange,
    pub cipher: Cipher,
    /// Numbers and names, as IANA lists them.
    pub suites: &'static [(u16, &'static str)],
}

/// All that are offered.
pub(super) static GROUPS: &[Group] = &[
    Group {
        exchange: Exchange::Ecdhe,
        cipher: Cipher::Usual,
        suites: &[
            (0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
            (0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
            (0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
            (0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
            (0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
            (0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ],
    },
    Group {
        exchange: Exchange::Ecdhe,
        cipher: Cipher::Ccm,
        suites: &[
            (0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"),
            (0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"),
            (0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"),
            (0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"),
        ],
    },
    Group {
        exchange: Exchange::Ecdhe,
        cipher: Cipher::Aria,
        suites: &[
            (0xc05d, "TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384"),
            (0xc061, "TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384"),
            (0xc05c, "TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256"),
            (0xc060, "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256"),
        ],
    },
    Group {
        exchange: Exchange::Ecdhe,
        cipher: Cipher::Cbc,
        suites: &[
            (0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
            (0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
            (0xc073, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384"),
            (0xc077, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384"),
            (0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
            (0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
            (0xc072, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256"),
            (0xc076, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256"),
            (0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
            (0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
            (0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
            (0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
            (0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
            (0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
        ],
    },
    Group {
        exchange: Exchange::Ecdhe,
        cipher: Cipher::Rc4,
        suites: &[(0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"), (0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA")],
    },
    Group {
        exchange: Exchange::Dhe,
        cipher: Cipher::Usual,
        suites: &[
            (0x00a3, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384"),
            (0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
            (0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
            (0x00a2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256"),
            (0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
        ],
    },
    Group {
        exchange: Exchange::Dhe,
        cipher: Cipher::Ccm,
        suites: &[
            (0xc0a3, "TLS_DHE_RSA_WITH_AES_256_CCM_8"),
            (0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM"),
            (0xc0a2, "TLS_DHE_RSA_WITH_AES_128_CCM_8"),
            (0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM"),
        ],
    },
    Group {
        exchange: Exchange::Dhe,
        cipher: Cipher::Aria,
        suites: &[
            (0xc057, "TLS_DHE_DSS_WITH_ARIA_256_GCM_SHA384"),
            (0xc053, "TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384"),
            (0xc056, "TLS_DHE_DSS_WITH_ARIA_128_GCM_SHA256"),
            (0xc052, "TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256"),
        ],
    },
    Group {
        exchange: Exchange::Dhe,
        cipher: Cipher::Cbc,
        suites: &[
            (0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
            (0x006a, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256"),
            (0x00c4, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256"),
            (0x00c3, "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA256"),
            (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
            (0x0040, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256"),
            (0x00be, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256"),
            (0x00bd, "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA256"),
            (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
            (0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA"),
            (0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"),
            (0x0087, "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA"),
            (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
            (0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA"),
            (0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"),
            (0x0044, "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA"),
            (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
            (0x0013, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA"),
        ],
    },
    Group {
        exchange: Exchange::Rsa,
        cipher: Cipher::Usual,
        suites: &[(0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"), (0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256")],
    },
    Group {
        exchange: Exchange::Rsa,
        cipher: Cipher::Ccm,
        suites: &[
            (0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8"),
            (0xc09d, "TLS_RSA_WITH_AES_256_CCM"),
            (0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8"),
            (0xc09c, "TLS_RSA_WITH_AES_128_CCM"),
        ],
    },
    Group {
        exchange: Exchange::Rsa,
        cipher: Cipher::Aria,
        suites: &[(0xc051, "TLS_RSA_WITH_ARIA_256_GCM_SHA384"), (0xc050, "TLS_RSA_WITH_ARIA_128_GCM_SHA256")],
    },
    Group {
        exchange: Exchange::Rsa,
        cipher: Cipher::Cbc,
        suites: &[
            (0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
            (0x00c0, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256"),
            (0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
            (0x00ba, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256"),
            (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
            (0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"),
            (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"),
            (0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"),
            (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
            (0x0096, "TLS_RSA_WITH_SEED_CBC_SHA"),
            (0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA"),
        ],
    },
    Group {
        exchange: Exchange::Rsa,
        cipher: Cipher::Rc4,
        suites: &[(0x0005, "TLS_RSA_WITH_RC4_128_SHA"), (0x0004, "TLS_RSA_WITH_RC4_128_MD5")],
    },
    Group {
        exchange: Exchange::StaticEcdh,
        cipher: Cipher::Cbc,
        suites: &[
            (0xc004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA"),
            (0xc005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA"),
            (0xc00e, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA"),
            (0xc00f, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA"),
        ],
    },
];
