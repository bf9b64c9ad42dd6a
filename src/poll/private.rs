//! Addresses that mean something in one network only, so that nobody gets there from AWS's.

use std::net::IpAddr;

use super::address::embedded_v4;

/// There is an address, and all are private. Loopback does not count: where it is allowed, somebody has put something there
/// on purpose, such as the end of a tunnel.
pub(crate) fn are_all_private(addresses: impl IntoIterator<Item = IpAddr>) -> bool {
    let mut addresses = addresses.into_iter().peekable();
    addresses.peek().is_some() && addresses.all(is_private)
}

/// Of RFC 1918, RFC 6598 (shared by the customers of a carrier) or RFC 4193 (unique local IPv6).
fn is_private(address: IpAddr) -> bool {
    match embedded_v4(address).map_or(address, IpAddr::V4) {
        IpAddr::V4(v4) => v4.is_private() || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64),
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_ones() {
        for (addresses, private) in [
            (&["10.11.12.13"][..], true),
            (&["172.16.0.1", "192.168.1.1", "100.64.0.1", "100.127.255.254", "fd12:3456::1"], true),
            (&["::ffff:10.0.0.1"], true),
            (&["10.0.0.1", "198.51.100.1"], false),
            (&["172.32.0.1"], false),
            (&["100.63.0.1"], false),
            (&["100.128.0.1"], false),
            (&["2001:db8::1"], false),
            (&["127.0.0.1"], false),
            (&["10.0.0.1", "127.0.0.1"], false),
            (&[], false),
        ] {
            let parsed = addresses.iter().map(|text| text.parse().unwrap());
            assert_eq!(are_all_private(parsed), private, "{addresses:?}");
        }
    }
}
