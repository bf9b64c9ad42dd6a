//! Login, rate limit and headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::watch_with;
use crate::support::daemon::{Answer, Daemon, get};

fn hash(password: &str) -> String {
    bcrypt::hash(password, 4).unwrap()
}

fn log_in(daemon: &Daemon, path: &str, pair: &str) -> Answer {
    get(daemon.address(), path, &[&format!("Authorization: Basic {}", STANDARD.encode(pair))])
}

#[test]
fn every_page_asks_for_the_right_name_and_password() {
    let watch =
        watch_with(&format!("basic_auth_users:\n  prometheus: {}\n  sre: {}\n", hash("a:b"), hash("c")));
    let daemon = watch.start();
    for path in ["/", "/metrics", "/-/healthy", "/-/ready", "/none"] {
        let answer = daemon.get(path);
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="), "{}", answer.head);
        assert_eq!(log_in(&daemon, path, "sre:a:b").status, 401, "{path}");
    }
    // The second time the password is known already.
    for _ in 0..2 {
        assert_eq!(log_in(&daemon, "/metrics", "prometheus:a:b").status, 200);
        assert_eq!(log_in(&daemon, "/metrics", "sre:c").status, 200);
        assert_eq!(log_in(&daemon, "/metrics", "prometheus:a").status, 401);
        assert_eq!(log_in(&daemon, "/metrics", "nobody:a:b").status, 401);
    }
    assert_eq!(log_in(&daemon, "/none", "sre:c").status, 404);
    daemon.wait_log("passwords are sent in the clear");
    assert!(!daemon.log().contains("$2b$") && !daemon.log().contains("a:b"), "{}", daemon.log());
}

#[test]
fn the_file_sets_headers_of_every_answer() {
    let watch = watch_with(&format!(
        "basic_auth_users:\n  sre: {}\nhttp_server_config:\n  headers:\n    X-Frame-Options: deny\n    \
         Strict-Transport-Security: max-age=60\n    X-XSS-Protection: ''\n",
        hash("c")
    ));
    let daemon = watch.start();
    for answer in [daemon.get("/"), log_in(&daemon, "/", "sre:c"), log_in(&daemon, "/none", "sre:c")] {
        assert_eq!(answer.header("x-frame-options"), Some("deny"), "{}", answer.head);
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=60"));
        assert_eq!(answer.header("x-xss-protection"), None);
    }
}

#[test]
fn requests_beyond_the_rate_get_429() {
    let watch = watch_with("rate_limit:\n  interval: 1h\n  burst: 3\n");
    let daemon = watch.start();
    let statuses: Vec<u16> = (0..5).map(|_| daemon.get("/-/healthy").status).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert_eq!(daemon.get("/metrics").header("retry-after"), Some("1"));
}

/// As Go's `rate.Limiter` has it, and said so in the log.
#[test]
fn without_a_burst_nothing_gets_through_and_without_an_interval_everything() {
    for (limit, status, told) in [
        ("interval: 1s", 429, Some("every request is refused")),
        ("interval: 1s, burst: -1", 429, Some("every request is refused")),
        ("interval: -1s", 200, Some("nothing is limited")),
        ("interval: 0, burst: 1", 200, None),
        ("burst: 1", 200, None),
    ] {
        let watch = watch_with(&format!("rate_limit: {{{limit}}}\n"));
        let daemon = watch.start();
        let statuses: Vec<u16> = (0..3).map(|_| daemon.get("/-/healthy").status).collect();
        assert_eq!(statuses, [status; 3], "{limit}");
        if let Some(told) = told {
            daemon.wait_log(told);
        }
    }
}
