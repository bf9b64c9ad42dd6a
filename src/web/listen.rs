//! Binds the addresses that are set. `:10190` and `[::]:10190` mean both families whatever the system's defaults are, and
//! what there is of them on a machine without IPv6; as everywhere in Go.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, lookup_host};

use super::socket::Listener;
use crate::files::read_text;
use crate::listen_address::{ListenAddress, ListenAddresses, ListenHost, Port};

/// Connections that wait in the kernel to be accepted. With the usual 128, a scraper among many clients at once would
/// have to try again after a second.
const BACKLOG: i32 = 1024;
/// Longest wait for the addresses of a name.
const RESOLVE: Duration = Duration::from_secs(10);
/// The names of ports.
const SERVICES: &str = "/etc/services";

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {error}")]
pub(crate) struct ListenError {
    pub address: String,
    /// What the operating system said.
    pub error: io::Error,
}

/// Binds every address.
///
/// # Errors
/// [`ListenError`] for the first that cannot be, such as when another process has the port.
pub(crate) async fn listen(addresses: &ListenAddresses) -> Result<Vec<Listener>, ListenError> {
    let mut places: Vec<(&ListenAddress, Vec<SocketAddr>)> = Vec::new();
    for address in addresses.iter() {
        let found =
            resolve(address).await.map_err(|error| ListenError { address: address.to_string(), error })?;
        places.push((address, found));
    }
    let all: Vec<SocketAddr> = places.iter().flat_map(|(_, found)| found).copied().collect();
    let mut listeners = Vec::new();
    let mut bound = Vec::new();
    for (address, found) in places {
        let (mut is_bound, mut last) = (false, None);
        for place in found {
            if place.port() != 0 && bound.contains(&place) {
                // The same twice, or by another name.
                is_bound = true;
                continue;
            }
            let ipv4_too = !all.contains(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, place.port())));
            match bind(place, ipv4_too) {
                Ok(listener) => {
                    listeners.push(listener);
                    bound.push(place);
                    is_bound = true;
                }
                // Of a name's addresses, this machine may have some.
                Err(error) if !is_here(&error) => last = Some((place, error)),
                Err(error) => return Err(ListenError { address: place.to_string(), error }),
            }
        }
        match last {
            Some((place, error)) if !is_bound => {
                return Err(ListenError { address: place.to_string(), error });
            }
            None if !is_bound => {
                let error = io::Error::new(ErrorKind::NotFound, "the name has no address");
                return Err(ListenError { address: address.to_string(), error });
            }
            _ => {}
        }
    }
    Ok(listeners)
}

/// Whether the address is one of this machine's, though it cannot be bound.
fn is_here(error: &io::Error) -> bool {
    /// `EAFNOSUPPORT` of Linux, which has no name in `std`: the kernel has no such family.
    const NO_SUCH_FAMILY: i32 = 97;
    error.kind() != ErrorKind::AddrNotAvailable && error.raw_os_error() != Some(NO_SUCH_FAMILY)
}

async fn resolve(address: &ListenAddress) -> io::Result<Vec<SocketAddr>> {
    let port = number(&address.port)?;
    let ips: Vec<IpAddr> = match &address.host {
        ListenHost::Every => vec![Ipv6Addr::UNSPECIFIED.into()],
        ListenHost::Ip(ip) => vec![*ip],
        // Of loopback whatever a resolver says, also in an image that has none (RFC 6761, section 6.3).
        ListenHost::Name(name) if name.eq_ignore_ascii_case("localhost") => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        ListenHost::Name(name) => {
            let found = tokio::time::timeout(RESOLVE, lookup_host((name.as_str(), port))).await;
            let mut found: Vec<SocketAddr> = found.map_err(|_| ErrorKind::TimedOut)??.collect();
            // With their zones.
            found.dedup();
            return Ok(found);
        }
    };
    Ok(ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

fn bind(place: SocketAddr, ipv4_too: bool) -> io::Result<Listener> {
    let is_every = place.ip() == Ipv6Addr::UNSPECIFIED;
    match bind_one(place, !(is_every && ipv4_too)) {
        Err(error) if is_every && ipv4_too && !is_here(&error) => {
            tracing::info!("this machine has no IPv6: listening on IPv4 alone");
            bind_one(SocketAddr::from((Ipv4Addr::UNSPECIFIED, place.port())), false)
        }
        bound => bound,
    }
}

fn bind_one(place: SocketAddr, ipv6_alone: bool) -> io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(place), Type::STREAM, Some(Protocol::TCP))?;
    if place.is_ipv6() {
        // Said either way: net.ipv6.bindv6only is not asked.
        socket.set_only_v6(ipv6_alone)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&place.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into()).map(Listener::Tcp)
}

fn number(port: &Port) -> io::Result<u16> {
    let name = match port {
        Port::Number(number) => return Ok(*number),
        Port::Service(name) => name,
    };
    let services = read_text(Path::new(SERVICES)).unwrap_or_default();
    service(&services, name).ok_or_else(|| {
        io::Error::new(
            ErrorKind::NotFound,
            format!("{SERVICES} has no TCP service `{name}`; write its number"),
        )
    })
}

/// The port of a TCP service; `http` and `https` are known without a file, as in Go.
fn service(services: &str, name: &str) -> Option<u16> {
    let listed = services.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let official = words.next()?;
        let port = words.next()?.strip_suffix("/tcp")?;
        [official].into_iter().chain(words).any(|known| known == name).then(|| port.parse().ok())?
    });
    listed.or(match name {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_have_names_and_aliases() {
        let text = "# services\ndomain 53/tcp\ndomain 53/udp\nhttp\t\t80/tcp\t\twww\t# WorldWideWeb HTTP\n\
                    ntp 123/udp\nodd nothing\nhttps 8443/tcp\n";
        for (name, port) in [
            ("domain", Some(53)),
            ("www", Some(80)),
            ("https", Some(8443)),
            ("ntp", None),
            ("odd", None),
            ("WorldWideWeb", None),
        ] {
            assert_eq!(service(text, name), port, "{name}");
        }
        assert_eq!(["http", "https", "www"].map(|name| service("", name)), [Some(80), Some(443), None]);
    }

    async fn bound(addresses: &[&str]) -> Result<Vec<String>, ListenError> {
        #[derive(serde::Deserialize)]
        struct Web {
            listen: ListenAddresses,
        }
        let web: Web = toml::from_str(&format!("listen = {addresses:?}")).unwrap();
        let listeners = listen(&web.listen).await?;
        Ok(listeners.iter().map(ToString::to_string).collect())
    }

    #[tokio::test]
    async fn what_is_bound_twice_is_bound_once_and_both_families_can_be_named() {
        let free = bound(&["127.0.0.1:0"]).await.unwrap().remove(0);
        let port = free.rsplit_once(':').unwrap().1;
        let [every, four, six, local] =
            ["", "0.0.0.0", "[::]", "localhost"].map(|host| format!("{host}:{port}"));
        for (addresses, count) in [
            (vec![&*every], 1),
            (vec![&*every, &*six], 1),
            (vec![&*four, &*six], 2),
            (vec![&*six, &*four], 2),
            (vec![&*four, &*every, &*four], 2),
            (vec![&*local, &*free], 2),
        ] {
            let listeners = bound(&addresses).await.unwrap();
            assert_eq!(listeners.len(), count, "{addresses:?}: {listeners:?}");
        }
        assert_eq!(bound(&["localhost:0"]).await.unwrap().len(), 2);
        // A documentation address (RFC 5737) is nobody's.
        let error = bound(&["192.0.2.1:9"]).await.unwrap_err().to_string();
        assert!(error.starts_with("cannot listen on 192.0.2.1:9: "), "{error}");
        let error = bound(&["name.invalid:9"]).await.unwrap_err().to_string();
        assert!(error.starts_with("cannot listen on name.invalid:9: "), "{error}");
        let error = bound(&["127.0.0.1:no-such-service"]).await.unwrap_err().to_string();
        assert!(error.contains("has no TCP service `no-such-service`; write its number"), "{error}");
    }
}
