//! Where it listens: the forms that Go's exporters take, both families, and several addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::Command;

use super::{ISSUER, QUIET};
use crate::support::daemon::{Daemon, TempDir, get};
use crate::support::hang;
use crate::support::process::{configured, output, run};
use crate::support::server::own_address;
use crate::support::watch::Watch;

const FOUR: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SIX: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn watch() -> Watch {
    Watch::new(&QUIET).url(ISSUER)
}

/// Whether anybody answers there.
fn is_served(ip: IpAddr, port: u16) -> bool {
    let address = SocketAddr::new(ip, port);
    std::net::TcpStream::connect(address).is_ok() && get(address, "/-/healthy", &[]).status == 200
}

/// A port that was free for both families a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("[::]:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn every_form_is_served_where_it_says() {
    for (host, four, six) in [
        ("", true, true),
        ("[::]", true, true),
        ("0.0.0.0", true, false),
        ("localhost", true, true),
        ("127.0.0.1", true, false),
        ("[::1]", false, true),
    ] {
        let port = free_port();
        let listen = format!("{host}:{port}");
        let daemon = watch().env("OIDC_EXPORTER__WEB__LISTEN", &listen).start();
        assert_eq!([is_served(FOUR, port), is_served(SIX, port)], [four, six], "{listen}");
        assert!(daemon.terminate().success(), "{listen}");
    }
}

#[test]
fn several_addresses_are_a_list_in_the_file_and_have_commas_in_the_environment() {
    let [one, two, three] = [own_address(), own_address(), own_address()];
    let mut watch = watch();
    watch.settings.listen = Some("LISTEN".to_owned());
    let toml = watch.settings.toml().replace("\"LISTEN\"", &format!("[\"{one}\", \"{two}\"]"));
    let file = watch.write();
    std::fs::write(&file, &toml).unwrap();
    let mut command = configured(&file, &["run"]);
    command.env("OIDC_EXPORTER__WEB__HEALTH_LISTEN", three.to_string());
    let daemon = Daemon::start(command);
    for (address, metrics) in [(one, 200), (two, 200), (three, 404)] {
        assert_eq!(get(address, "/-/healthy", &[]).status, 200, "{address}");
        assert_eq!(get(address, "/metrics", &[]).status, metrics, "{address}");
    }
    drop(daemon);

    let daemon = self::watch().env("OIDC_EXPORTER__WEB__LISTEN", format!("{one}, {two}")).start();
    for address in [one, two] {
        assert_eq!(get(address, "/-/healthy", &[]).status, 200, "{address}");
    }
    daemon.wait_logged("listen=", 2);
    assert_eq!(daemon.logged("listen="), 2, "{}", daemon.log());
}

#[test]
fn what_cannot_be_listened_on_is_named_with_its_key() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _taken = std::net::TcpListener::bind(taken).unwrap();
    for (key, listen, code, told) in [
        ("web.listen", taken.to_string(), 1, format!("cannot listen on {taken}: Address already in use")),
        (
            "web.health_listen",
            taken.to_string(),
            1,
            format!("cannot listen on {taken}: Address already in use"),
        ),
        ("web.listen", "192.0.2.1:9".into(), 1, "cannot listen on 192.0.2.1:9: Cannot assign".into()),
        (
            "web.listen",
            "no-such-name.invalid:9".into(),
            1,
            "cannot listen on no-such-name.invalid:9: ".into(),
        ),
        ("web.listen", "127.0.0.1".into(), 2, "the port is missing; write 127.0.0.1:10190".into()),
        ("web.health_listen", "::1".into(), 2, "an IPv6 address is written in brackets: [::1]:10190".into()),
    ] {
        let variable = format!("OIDC_EXPORTER__{}", key.replace('.', "__").to_uppercase());
        let ended = run(&mut watch().env(&variable, &listen).command(&["run"]));
        assert_eq!(ended.code, code, "{listen}: {}", ended.err);
        assert!(
            ended.err.contains(&format!("{key}: ")) && ended.err.contains(&told),
            "{listen}: {}",
            ended.err
        );
    }
}

/// A kernel without the family, as with `ipv6.disable=1`.
#[test]
fn without_ipv6_both_families_are_one() {
    let directory = TempDir::new();
    let library = hang::library(directory.path());
    for host in ["", "[::]", "localhost"] {
        let port = free_port();
        let watch = watch()
            .env("LD_PRELOAD", library.as_os_str())
            .env("NO_IPV6", "1")
            .env("OIDC_EXPORTER__WEB__LISTEN", format!("{host}:{port}"));
        let daemon = watch.start();
        assert_eq!([is_served(FOUR, port), is_served(SIX, port)], [true, false], "{host}");
        let told = daemon.logged("this machine has no IPv6: listening on IPv4 alone");
        assert_eq!(told, usize::from(host != "localhost"), "{}", daemon.log());
    }
    let watch = watch().env("LD_PRELOAD", library.as_os_str()).env("NO_IPV6", "1");
    let ended = run(&mut watch.env("OIDC_EXPORTER__WEB__LISTEN", "[::1]:0").command(&["run"]));
    assert!(ended.code == 1 && ended.err.contains("web.listen: cannot listen on [::1]:0: "), "{}", ended.err);
}

/// `net.ipv6.bindv6only=1` is a default for sockets that say nothing; in a network namespace of its own.
#[test]
fn the_systems_default_for_ipv6_sockets_changes_nothing() {
    let watch = watch();
    let program = watch.command(&["run"]);
    let (daemon, config) = (program.get_program(), watch.file());
    let script = "set -e; echo 1 > /proc/sys/net/ipv6/bindv6only; ip link set lo up
        OIDC_EXPORTER__WEB__LISTEN=[::]:10190 timeout 60 \"$0\" --config \"$1\" run &
        for host in 127.0.0.1 [::1]; do
            curl --silent --globoff --retry 20 --retry-delay 1 --retry-connrefused http://$host:10190/-/healthy
        done
        kill $(jobs -p)";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "bash", "-c", script]).arg(daemon).arg(config);
    assert_eq!(output(&mut command), "healthy\nhealthy\n");
}
