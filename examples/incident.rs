//! An incident on loopback, for looking at the dashboards: the real daemon watches made-up issuers while one rotates to
//! a new intermediate, another does so at half of its addresses, the root CA of a third expires, IAM fails, and finally
//! all is repaired. An hour of the story takes three minutes, and the daemon's rounds are as much quicker;
//! `tests/dashboards/look` puts what it says back onto an hour.

#[path = "../tests/support/daemon/mod.rs"]
mod daemon;
#[path = "../tests/support/lab/mod.rs"]
mod lab;

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use daemon::{Daemon, Exposition, Settings, TempDir};
use lab::iam::Fault;
use lab::issuer::Spec;
use lab::{Chain, FakeIam, LabIssuer, chains, pem};
use time::OffsetDateTime;

/// Set in the daemon's environment: this program is then the daemon itself.
const DAEMON: &str = "OIDC_INCIDENT_DAEMON";
const ACCOUNT: &str = "111122223333";
const GITLAB: &str = "gitlab.oidc.test";
const GITHUB: &str = "github.oidc.test";
const KEYCLOAK: &str = "keycloak.oidc.test";
const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Three seconds for one minute.
const SPEED: u32 = 20;
/// How long the daemon takes to start, about.
const START: Duration = Duration::from_secs(2);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if std::env::var_os(DAEMON).is_some() {
        return Ok(oidc_thumbprint_exporter::cli::main());
    }
    // The issuers live on the runtime's threads, the story on this one.
    let runtime = tokio::runtime::Runtime::new()?;
    let cast = runtime.block_on(Cast::start());
    let directory = TempDir::new();
    let daemon = cast.watched_in(&directory)?;
    println!("speed {SPEED}");
    println!("daemon {}", daemon.address());
    println!("issuer {}", cast.gitlab.url());
    let begin = Instant::now();
    let mut end = Duration::ZERO;
    for stage in STAGES {
        (stage.begin)(&cast);
        daemon.wait_metrics(stage.name, |metrics| (stage.shows)(&cast, metrics));
        end += stage.lasts();
        thread::sleep(end.saturating_sub(begin.elapsed()));
        println!("stage {} {}", stage.name, OffsetDateTime::now_utc().unix_timestamp());
    }
    Ok(if daemon.terminate().success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One stage of the story.
struct Stage {
    name: &'static str,
    minutes: u64,
    begin: fn(&Cast),
    /// When the daemon has seen it.
    shows: fn(&Cast, &Exposition) -> bool,
}

impl Stage {
    fn lasts(&self) -> Duration {
        Duration::from_mins(self.minutes) / SPEED
    }
}

const STAGES: [Stage; 6] = [
    // But for the root CA of keycloak, which is about to expire.
    Stage {
        name: "good",
        minutes: 14,
        begin: |_| {},
        shows: |cast, metrics| cast.issuers().all(|issuer| verdict(metrics, issuer) == "match"),
    },
    Stage {
        name: "rotated",
        minutes: 10,
        begin: |cast| cast.gitlab.serve(&cast.gitlab_next),
        // Partial at first, until the old chain has not been served for long enough.
        shows: |cast, metrics| verdict(metrics, &cast.gitlab) == "mismatch",
    },
    Stage {
        name: "half",
        minutes: 10,
        begin: |cast| cast.github.serve_at(OTHER_ADDRESS.into(), &cast.github_next),
        shows: |cast, metrics| verdict(metrics, &cast.github) == "partial",
    },
    Stage {
        name: "expired",
        minutes: 14,
        // Time does it.
        begin: |_| {},
        shows: |cast, metrics| problem(metrics, &cast.keycloak, "root_ca_expired"),
    },
    Stage {
        name: "blind",
        minutes: 12,
        begin: |cast| cast.iam.fail(Fault::AccessDenied),
        shows: |_, metrics| metrics.value("oidc_account_up", &[("account_id", ACCOUNT)]) == Some(0.0),
    },
    Stage {
        name: "fixed",
        minutes: 12,
        begin: |cast| {
            cast.keycloak.serve(&cast.keycloak_next);
            cast.list();
            cast.iam.heal();
        },
        shows: |cast, metrics| {
            cast.issuers().all(|issuer| verdict(metrics, issuer) == "match")
                && !problem(metrics, &cast.keycloak, "root_ca_expired")
        },
    },
];

/// Everybody in the story.
struct Cast {
    iam: FakeIam,
    gitlab: LabIssuer,
    github: LabIssuer,
    keycloak: LabIssuer,
    others: [LabIssuer; 2],
    gitlab_next: Chain,
    github_next: Chain,
    keycloak_next: Chain,
}

impl Cast {
    async fn start() -> Self {
        let [gitlab, gitlab_next] = chains::twin_intermediates(GITLAB);
        let [github, github_next] = chains::twin_intermediates(GITHUB);
        let mut cluster = Spec::new("eks.oidc.test", chains::amazon_like("eks.oidc.test"));
        cluster.path = String::from("/id/0123456789ABCDEF0123456789ABCDEF");
        // In the middle of the stage that is called after it.
        let until: Duration = STAGES.iter().take(3).map(Stage::lasts).sum();
        let end = OffsetDateTime::now_utc() + START + until + Duration::from_mins(4) / SPEED;
        let mut keycloak = Spec::new(KEYCLOAK, chains::private_ca_until(KEYCLOAK, end));
        keycloak.path = String::from("/realms/main");
        let github = Spec::new(GITHUB, github.clone()).also_at(OTHER_ADDRESS.into(), github);
        let terraform = Spec::new("terraform.oidc.test", chains::good("terraform.oidc.test"));
        let cast = Self {
            iam: FakeIam::start(ACCOUNT).await,
            gitlab: LabIssuer::start(Spec::new(GITLAB, gitlab)).await,
            github: LabIssuer::start(github).await,
            keycloak: LabIssuer::start(keycloak).await,
            others: [LabIssuer::start(cluster).await, LabIssuer::start(terraform).await],
            gitlab_next,
            github_next,
            keycloak_next: chains::private_ca(KEYCLOAK),
        };
        cast.list();
        cast
    }

    fn issuers(&self) -> impl Iterator<Item = &LabIssuer> {
        [&self.gitlab, &self.github, &self.keycloak].into_iter().chain(&self.others)
    }

    /// Has IAM list what is served now.
    fn list(&self) {
        for issuer in self.issuers() {
            self.iam.put(issuer.url(), &issuer.thumbprints());
        }
    }

    /// The daemon, with rounds of a minute of the story, and its files in `directory`.
    fn watched_in(&self, directory: &TempDir) -> Result<Daemon, Box<dyn Error>> {
        let next = [&self.gitlab_next, &self.github_next, &self.keycloak_next];
        let next = next.into_iter().filter_map(|chain| chain.anchor.clone());
        let roots: Vec<_> = self.issuers().flat_map(LabIssuer::anchors).chain(next).collect();
        let file = directory.path().join("lab-roots.pem");
        std::fs::write(&file, pem::pem(&roots))?;
        let rounds = [
            "interval = \"3s\"",
            "timeout = \"3s\"",
            "connect_timeout = \"2s\"",
            "request_timeout = \"2s\"",
            "settle_interval = \"500ms\"",
        ];
        let settings = Settings {
            poll: rounds.map(str::to_owned).to_vec(),
            resolve: self.issuers().map(|issuer| (issuer.host().to_owned(), issuer.addresses())).collect(),
            ca_files: vec![file],
            aws: true,
            more: String::from("[health]\nstale_after = \"90s\"\n"),
            ..Settings::default()
        };
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--config").arg(settings.write(directory.path())).arg("run").env(DAEMON, "1");
        daemon::aws_environment(&mut command, &self.iam.url());
        Ok(Daemon::start(command))
    }
}

fn verdict(metrics: &Exposition, issuer: &LabIssuer) -> String {
    metrics.state("oidc_provider_thumbprint_status", &[("issuer", issuer.url())]).join(" ")
}

fn problem(metrics: &Exposition, issuer: &LabIssuer, name: &str) -> bool {
    metrics.all("oidc_provider_problem", &[("issuer", issuer.url()), ("problem", name)]).next().is_some()
}
