//! The main job with nothing else installed: eight loopback issuers in different states, with CAs of their own, a fake
//! AWS IAM, and the real daemon that watches them. Ends with Ctrl-C, or after N seconds with `--seconds N`.

#[path = "../tests/support/daemon/mod.rs"]
mod daemon;
#[path = "../tests/support/lab/mod.rs"]
mod lab;

use std::error::Error;
use std::process::{Command, ExitCode};
use std::time::Duration;

use daemon::{Daemon, Exposition, Settings, TempDir};
use lab::Lab;

/// Set in the daemon's environment: this program is then the daemon itself, so nothing else has to be built.
const DAEMON: &str = "OIDC_DEMO_DAEMON";
const LISTEN: &str = "127.0.0.1:10190";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if std::env::var_os(DAEMON).is_some() {
        return Ok(oidc_thumbprint_exporter::cli::main());
    }
    tokio::runtime::Runtime::new()?.block_on(show())
}

async fn show() -> Result<ExitCode, Box<dyn Error>> {
    let seconds = std::env::args().skip_while(|arg| arg != "--seconds").nth(1);
    let seconds = seconds.map(|text| text.parse()).transpose()?;

    let directory = TempDir::new();
    let lab = Lab::start().await;
    let settings = Settings {
        poll: [
            "interval = \"15s\"",
            "timeout = \"10s\"",
            "connect_timeout = \"2s\"",
            "request_timeout = \"3s\"",
        ]
        .map(str::to_owned)
        .to_vec(),
        resolve: lab.resolve_table(),
        ca_files: vec![lab.write_ca(directory.path())],
        aws: true,
        ..Settings::default()
    };
    let config = settings.write(directory.path());

    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--config").arg(&config).arg("run").env(DAEMON, "1");
    // The usual port, when it is free.
    if std::net::TcpListener::bind(LISTEN).is_ok() {
        command.env("OIDC_EXPORTER__WEB__LISTEN", LISTEN);
    }
    daemon::aws_environment(&mut command, &lab.iam.url());
    let (daemon, metrics) = tokio::task::spawn_blocking(|| {
        let daemon = Daemon::start(command);
        daemon.wait_ready();
        let metrics = daemon.metrics();
        (daemon, metrics)
    })
    .await?;

    print_table(&lab, &metrics);
    let address = daemon.address();
    println!("\n  status page    http://{address}/");
    println!("  metrics        http://{address}/metrics");
    println!("  ready          http://{address}/-/ready");
    println!("  configuration  {}", config.display());
    println!("  daemon         process {}", daemon.pid());
    println!("\nThe daemon polls every 15 s. Ctrl-C ends everything.");

    let end = async {
        match seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = end => {}
    }
    let status = daemon.terminate();
    println!("the daemon ended with {status}");
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_table(lab: &Lab, metrics: &Exposition) {
    println!(
        "\n  {:<10} {:<5} {:<8} {:<9} {:>12}  what it stages",
        "issuer", "up", "health", "verdict", "root CA ends"
    );
    for issuer in &lab.issuers {
        let labels = [("issuer", issuer.url())];
        let up = metrics.value("oidc_issuer_up", &labels) == Some(1.0);
        let up = if up { "up" } else { "DOWN" };
        let mut healths = metrics.all("oidc_provider_health", &labels);
        let health = healths.find(|sample| sample.value > 0.0).map_or("-", |sample| &sample.labels["health"]);
        let verdict = metrics.state("oidc_provider_thumbprint_status", &labels).join(" ");
        let days = match metrics.value("oidc_root_ca_days_to_expiry", &labels) {
            Some(days) => format!("{days:.1} d"),
            None => "-".to_owned(),
        };
        println!("  {:<10} {up:<5} {health:<8} {verdict:<9} {days:>12}  {}", issuer.name, issuer.story);
    }
}
