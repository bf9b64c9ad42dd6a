//! The client hello (RFC 5246, section 7.4.1.2), offering what OpenSSL's `s_client` offers and what it once offered.

use std::io;

use aws_lc_rs::rand;
use rustls::pki_types::ServerName;

use super::suites::GROUPS;

/// Says that renegotiation is safe (RFC 5746, section 3.3); stands among the cipher suites.
const RENEGOTIATION_INFO: u16 = 0x00ff;

/// X25519, NIST's curves, X448, secp256k1, Brainpool's three, secp224r1, secp192r1 (RFC 8422, section 5.1.1; RFC 7027).
/// No finite fields: a server that knows RFC 7919 would refuse its own for them.
const CURVES: [u16; 11] =
    [0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x0016, 0x001a, 0x001b, 0x001c, 0x0015, 0x0013];

/// ECDSA, Ed25519, Ed448, RSA-PSS with both kinds of keys, RSA, DSA; SHA-224 and SHA-1 last (RFC 8446, section 4.2.3).
const SIGNATURES: [u16; 23] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501,
    0x0601, 0x0402, 0x0502, 0x0602, 0x0303, 0x0301, 0x0302, 0x0203, 0x0201, 0x0202,
];

/// A hello with a length in between makes some load balancers hang (RFC 7685, section 1), so it is padded.
const TO_BE_AVOIDED: std::ops::Range<usize> = 256..512;

/// One record with a hello for `name`, with TLS 1.2 as the highest version.
pub(super) fn client_hello(name: &ServerName<'_>) -> io::Result<Vec<u8>> {
    let mut random = [0; 32];
    rand::fill(&mut random).map_err(|_| io::Error::other("no random numbers"))?;
    let suites = GROUPS.iter().flat_map(|group| group.suites).map(|(number, _)| *number);
    let suites: Vec<u16> = suites.chain([RENEGOTIATION_INFO]).collect();

    let mut body = vec![3, 3];
    body.extend(random);
    body.push(0); // no session
    body.extend(sized16(&numbers(&suites))?);
    body.extend([1, 0]); // no compression
    let extensions = extensions(name)?;
    let length = 4 + body.len() + 2 + extensions.len();
    let padding = if TO_BE_AVOIDED.contains(&length) {
        extension(21, &vec![0; TO_BE_AVOIDED.end.saturating_sub(length + 4)])?
    } else {
        Vec::new()
    };
    body.extend(sized16(&[extensions, padding].concat())?);

    let mut message = vec![1, 0];
    message.extend(sized16(&body)?);
    // The version of the record is the lowest, for servers that know no other (RFC 5246, appendix E.1).
    let mut record = vec![22, 3, 1];
    record.extend(sized16(&message)?);
    Ok(record)
}

fn extensions(name: &ServerName<'_>) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    // Addresses are not named (RFC 6066, section 3).
    if let ServerName::DnsName(name) = name {
        let mut entry = vec![0];
        entry.extend(sized16(name.as_ref().as_bytes())?);
        all.extend(extension(0, &sized16(&entry)?)?);
    }
    all.extend(extension(10, &sized16(&numbers(&CURVES))?)?);
    all.extend(extension(11, &[3, 0, 1, 2])?); // all forms of points
    all.extend(extension(13, &sized16(&numbers(&SIGNATURES))?)?);
    all.extend(extension(22, &[])?); // encrypt-then-MAC (RFC 7366)
    all.extend(extension(23, &[])?); // extended master secret (RFC 7627)
    Ok(all)
}

fn extension(kind: u16, contents: &[u8]) -> io::Result<Vec<u8>> {
    Ok([&kind.to_be_bytes()[..], &sized16(contents)?].concat())
}

fn numbers(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn sized16(contents: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(contents.len()).map_err(io::Error::other)?;
    Ok([&length.to_be_bytes()[..], contents].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustls_reads_what_is_offered() {
        let name = ServerName::try_from("host.oidc.test").unwrap();
        let hello = client_hello(&name).unwrap();
        assert!(!TO_BE_AVOIDED.contains(&(hello.len() - 5)), "{}", hello.len());
        let mut acceptor = rustls::server::Acceptor::default();
        acceptor.read_tls(&mut &hello[..]).unwrap();
        let accepted = acceptor.accept().unwrap().unwrap();
        let seen = accepted.client_hello();
        assert_eq!(seen.server_name(), Some("host.oidc.test"));
        assert_eq!(
            seen.cipher_suites().len(),
            GROUPS.iter().map(|group| group.suites.len()).sum::<usize>() + 1
        );
        assert_eq!(seen.signature_schemes().len(), SIGNATURES.len());
        assert_eq!(seen.named_groups().unwrap().len(), CURVES.len());
        assert!(seen.alpn().is_none());
    }

    #[test]
    fn an_address_is_not_named() {
        let hello = client_hello(&ServerName::try_from("192.0.2.1").unwrap()).unwrap();
        let mut acceptor = rustls::server::Acceptor::default();
        acceptor.read_tls(&mut &hello[..]).unwrap();
        assert_eq!(acceptor.accept().unwrap().unwrap().client_hello().server_name(), None);
    }
}
