//! Our health beside what an STS says to a real token, for each state of one provider.
//!
//! `OpenBao` signs the tokens, behind TLS of the lab. `SeaweedFS` is IAM and STS; 4.48 was seen to
//! - enforce thumbprints, also of chains that end at a root of its system, and verify each chain with those roots, dates and name included;
//! - compare with every certificate that is served and every one of the verified paths: a leaf, a root that was not served,
//!   or one beside the path is as good as any;
//! - try `ISSUER/.well-known/jwks.json` where the discovery document is not to be had or is another's, so that its messages
//!   are about that;
//! - answer `AccessDenied` to everything but a wrong audience (`InvalidParameterValue`), with the reason in its message;
//! - name providers without an account: `arn:aws:iam:::oidc-provider/HOST`.
//!
//! So success and failure are its own, and which of AWS's errors it would be is ours to say.

mod openbao;
mod scenes;
mod seaweedfs;
mod table;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use strum::IntoEnumIterator as _;

use self::openbao::{AUDIENCE, OpenBao, PATH};
use self::scenes::{Documents, HOST, Scene, State};
use self::seaweedfs::{Answer, KEY, NO_PROVIDER, SECRET, SeaweedFs};
use self::table::{Health, Row, Sts, TABLE};
use crate::support::connect_proxy::TlsFront;
use crate::support::daemon::TempDir;
use crate::support::lab::pem::pem;
use crate::support::lab::{LabIssuer, Spec};
use crate::support::process::Run;
use crate::support::server::own_address;
use crate::support::venv::installed_or_skip;
use crate::support::watch::Watch;

#[tokio::test(flavor = "multi_thread")]
async fn our_health_is_what_sts_says() {
    let (Some(bao), Some(weed)) = (installed_or_skip("bao"), installed_or_skip("weed")) else { return };
    let told: Vec<State> = TABLE.iter().map(|row| row.state).collect();
    assert_eq!(told, State::iter().collect::<Vec<_>>(), "each state has its row");

    let scenes: Vec<Scene> = TABLE.iter().map(|row| row.state.scene()).collect();
    let directory = TempDir::new();
    let roots = directory.path().join("roots.pem");
    let anchors: Vec<_> = scenes.iter().flat_map(Scene::anchors).collect();
    std::fs::write(&roots, pem(&anchors)).unwrap();
    let world = World { weed: SeaweedFs::start(&weed, &roots), bao: OpenBao::start(&bao), roots: &roots };

    let mut wrong = Vec::new();
    for (row, scene) in TABLE.iter().zip(&scenes) {
        // Only what is not there stays unknown.
        let patience = Duration::from_secs(if row.sts == Sts::Refuses(NO_PROVIDER) { 3 } else { 30 });
        let (answer, run) = world.play(scene, patience).await;
        wrong.extend(row.faults(&answer, &run));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct World<'a> {
    bao: OpenBao,
    weed: SeaweedFs,
    roots: &'a Path,
}

/// What listens for an issuer; it ends when it is dropped.
enum Served {
    ByFronts(Vec<TlsFront>),
    ByLab(LabIssuer),
}

impl Served {
    fn port(&self) -> u16 {
        match self {
            Self::ByFronts(fronts) => fronts[0].address().port(),
            Self::ByLab(issuer) => issuer.port(),
        }
    }
}

impl World<'_> {
    /// What STS says to a token, and what we say of its provider.
    async fn play(&self, scene: &Scene, patience: Duration) -> (Answer, Run) {
        let served = self.serve(scene).await;
        // Of its own for each scene, so that nobody remembers keys of another.
        let origin = format!("https://{HOST}:{}", served.port());
        let token = self.bao.token(&origin);
        let issuer = format!("{origin}{PATH}");
        let mut provider = None;
        if let Some(listed) = &scene.listed {
            let url = format!("{issuer}{}", scene.slash);
            provider = Some(self.weed.create(&url, scene.audience, listed).await);
        }
        if matches!(scene.documents, Documents::Refused) {
            self.bao.seal();
        }
        let answer = self.weed.assume(&token, patience).await;
        let run = self.watch(scene, &issuer).check(&["--output", "json"]);
        if let Some(arn) = provider {
            self.weed.delete(&arn).await;
        }
        (answer, run)
    }

    /// The issuer with the chains of this scene.
    async fn serve(&self, scene: &Scene) -> Served {
        let behind = match &scene.documents {
            Documents::Good | Documents::Refused => self.bao.address(),
            Documents::Unreachable => own_address(),
            Documents::Lab(behaviour) => {
                let spec = Spec {
                    path: PATH.to_owned(),
                    faces: scene.faces.clone(),
                    behaviour: behaviour.clone(),
                    ..Spec::new(HOST, scene.faces[0].1.clone())
                };
                return Served::ByLab(LabIssuer::start(spec).await);
            }
        };
        let mut fronts: Vec<TlsFront> = Vec::new();
        for (address, chain) in &scene.faces {
            let port = fronts.first().map_or(0, |front| front.address().port());
            fronts.push(TlsFront::start_at(SocketAddr::new(*address, port), chain, behind).await);
        }
        Served::ByFronts(fronts)
    }

    fn watch(&self, scene: &Scene, issuer: &str) -> Watch {
        let poll = ["timeout = \"20s\"", "connect_timeout = \"5s\"", "request_timeout = \"5s\""];
        // `check` polls once.
        let once = "[health]\nfailed_polls = 1\n";
        let mut watch = Watch::new(&poll).trust(self.roots).iam_at(&self.weed.url()).toml(once);
        watch.settings.private_hosts = vec![HOST.to_owned()];
        let addresses = scene.faces.iter().map(|(address, _)| *address).collect();
        watch.settings.resolve.insert(HOST.to_owned(), addresses);
        if let Some(is_required) = scene.named {
            watch =
                watch.toml(&format!("[[issuers]]\nurl = {issuer:?}\nrequires_provider = {is_required}\n"));
        }
        let watch = watch.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET);
        watch.env("OIDC_EXPORTER__AWS__AUDIENCES", AUDIENCE)
    }
}

impl Row {
    /// What is otherwise than the table says.
    fn faults(&self, answer: &Answer, run: &Run) -> Vec<String> {
        let mut faults = Vec::new();
        let mut compare = |what: &str, is_right: bool, seen: String| {
            if !is_right {
                faults.push(format!("{:?}: {what}: {seen}", self.state));
            }
        };
        let is_told = match (self.sts, answer) {
            (Sts::Accepts, Ok(())) => true,
            (Sts::Refuses(words), Err(message)) => message.contains(words),
            (Sts::Accepts, Err(_)) | (Sts::Refuses(_), Ok(())) => false,
        };
        compare("STS", is_told, format!("{answer:?}"));

        let report = run.json();
        let rows = report["rows"].as_array().unwrap();
        let health = rows.first().and_then(|row| row["health"].as_str());
        let problems = rows.iter().flat_map(|row| row["problems"].as_array().unwrap());
        let mut problems: Vec<&str> = problems.map(|found| found["problem"].as_str().unwrap()).collect();
        problems.dedup();
        compare("we", rows.len() <= 1 && health == self.health.word(), report.to_string());
        compare("we", problems == self.problems, report.to_string());

        let is_same = match self.health {
            Health::Healthy | Health::AtRisk => answer.is_ok(),
            Health::Failing | Health::NoProvider => answer.is_err(),
        };
        compare("differs", is_same == self.differs.is_none(), format!("{answer:?}, {report}"));
        faults
    }
}
