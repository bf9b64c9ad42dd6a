//! An incident on loopback, for looking at the dashboards: the real daemon watches made-up issuers while one rotates to
//! a new intermediate, another does so at half of its addresses, IAM fails, and finally all is repaired. Each line on
//! standard input, or each N seconds with `--seconds N`, starts the next stage; it ends with input or last stage.

#[path = "../tests/support/daemon/mod.rs"]
mod daemon;
#[path = "../tests/support/lab/mod.rs"]
mod lab;

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use daemon::{Daemon, Exposition, Settings, TempDir};
use lab::iam::Fault;
use lab::issuer::Spec;
use lab::{Chain, FakeIam, LabIssuer, chains, pem};

/// Set in the daemon's environment: this program is then the daemon itself.
const DAEMON: &str = "OIDC_INCIDENT_DAEMON";
const ACCOUNT: &str = "111122223333";
const GITLAB: &str = "gitlab.oidc.test";
const GITHUB: &str = "github.oidc.test";
const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if std::env::var_os(DAEMON).is_some() {
        return Ok(oidc_thumbprint_exporter::cli::main());
    }
    let seconds = std::env::args().skip_while(|arg| arg != "--seconds").nth(1);
    let seconds = seconds.map(|text| text.parse().map(Duration::from_secs)).transpose()?;
    // The issuers live on the runtime's threads, the story on this one.
    let runtime = tokio::runtime::Runtime::new()?;
    let cast = runtime.block_on(Cast::start());
    let directory = TempDir::new();
    let daemon = cast.watched_in(&directory)?;
    daemon.wait_ready();
    println!("daemon {}", daemon.address());
    for stage in STAGES {
        (stage.begin)(&cast);
        let metrics = daemon.wait_metrics(stage.name, |metrics| (stage.shows)(&cast, metrics));
        for issuer in cast.issuers() {
            println!("{} {}", issuer.url(), verdict(&metrics, issuer));
        }
        println!("stage {}", stage.name);
        match seconds {
            Some(seconds) => thread::sleep(seconds),
            None if std::io::stdin().read_line(&mut String::new())? == 0 => break,
            None => {}
        }
    }
    Ok(if daemon.terminate().success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One stage of the story.
struct Stage {
    name: &'static str,
    begin: fn(&Cast),
    /// When the daemon has seen it.
    shows: fn(&Cast, &Exposition) -> bool,
}

const STAGES: [Stage; 5] = [
    Stage {
        name: "good",
        begin: |_| {},
        shows: |cast, metrics| cast.issuers().all(|issuer| verdict(metrics, issuer) == "match"),
    },
    Stage {
        name: "rotated",
        begin: |cast| cast.gitlab.serve(&cast.gitlab_next),
        // Partial at first, until the old chain has not been served for long enough.
        shows: |cast, metrics| verdict(metrics, &cast.gitlab) == "mismatch",
    },
    Stage {
        name: "half",
        begin: |cast| cast.github.serve_at(OTHER_ADDRESS.into(), &cast.github_next),
        shows: |cast, metrics| verdict(metrics, &cast.github) == "partial",
    },
    Stage {
        name: "blind",
        begin: |cast| cast.iam.fail(Fault::AccessDenied),
        shows: |_, metrics| metrics.value("oidc_account_up", &[("account_id", ACCOUNT)]) == Some(0.0),
    },
    Stage {
        name: "fixed",
        begin: |cast| {
            cast.list();
            cast.iam.heal();
        },
        shows: |cast, metrics| cast.issuers().all(|issuer| verdict(metrics, issuer) == "match"),
    },
];

/// Everybody in the story.
struct Cast {
    iam: FakeIam,
    gitlab: LabIssuer,
    github: LabIssuer,
    others: [LabIssuer; 3],
    gitlab_next: Chain,
    github_next: Chain,
}

impl Cast {
    async fn start() -> Self {
        let [gitlab, gitlab_next] = chains::twin_intermediates(GITLAB);
        let [github, github_next] = chains::twin_intermediates(GITHUB);
        let mut cluster = Spec::new("eks.oidc.test", chains::amazon_like("eks.oidc.test"));
        cluster.path = String::from("/id/0123456789ABCDEF0123456789ABCDEF");
        let mut keycloak = Spec::new("keycloak.oidc.test", chains::private_ca("keycloak.oidc.test"));
        keycloak.path = String::from("/realms/main");
        let github = Spec::new(GITHUB, github.clone()).also_at(OTHER_ADDRESS.into(), github);
        let terraform = Spec::new("terraform.oidc.test", chains::good("terraform.oidc.test"));
        let cast = Self {
            iam: FakeIam::start(ACCOUNT).await,
            gitlab: LabIssuer::start(Spec::new(GITLAB, gitlab)).await,
            github: LabIssuer::start(github).await,
            others: [
                LabIssuer::start(cluster).await,
                LabIssuer::start(keycloak).await,
                LabIssuer::start(terraform).await,
            ],
            gitlab_next,
            github_next,
        };
        cast.list();
        cast
    }

    fn issuers(&self) -> impl Iterator<Item = &LabIssuer> {
        [&self.gitlab, &self.github].into_iter().chain(&self.others)
    }

    /// Has IAM list what is served now.
    fn list(&self) {
        for issuer in self.issuers() {
            self.iam.put(issuer.url(), &issuer.thumbprints());
        }
    }

    /// The daemon, with quick rounds, and its files in `directory`.
    fn watched_in(&self, directory: &TempDir) -> Result<Daemon, Box<dyn Error>> {
        let next =
            [&self.gitlab_next, &self.github_next].into_iter().filter_map(|chain| chain.anchor.clone());
        let roots: Vec<_> = self.issuers().flat_map(LabIssuer::anchors).chain(next).collect();
        let file = directory.path().join("lab-roots.pem");
        std::fs::write(&file, pem::pem(&roots))?;
        let rounds =
            ["interval = \"4s\"", "timeout = \"4s\"", "connect_timeout = \"2s\"", "request_timeout = \"2s\""];
        let settings = Settings {
            poll: rounds.map(str::to_owned).to_vec(),
            resolve: self.issuers().map(|issuer| (issuer.host().to_owned(), issuer.addresses())).collect(),
            ca_files: vec![file],
            aws: true,
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
