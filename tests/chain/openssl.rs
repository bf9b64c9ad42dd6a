//! A thousand random chains, judged by us and by `openssl verify`; order and thumbprint against an independent account.

use std::path::{Path, PathBuf};
use std::process::Command;

use oidc_thumbprint_exporter::chain::{
    AnchorSource, Certificate, Distrust, Judgement, Thumbprint, served_path,
};

use crate::support::lab::pem::armoured;
use crate::support::made::random_chains::{Member, RandomChain};
use crate::support::made::*;

const CHAINS: u64 = 1_000;

/// Why we and OpenSSL may differ about a chain. Each is checked on the chain at hand, not assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Explanation {
    /// We refuse a CA certificate as a leaf, as webpki and Firefox do; OpenSSL takes it.
    CaAsLeaf,
    /// We, like webpki and RFC 9525, do not look for the host in the common name; OpenSSL does where there are no
    /// alternative names.
    CommonName,
    /// To us a trust anchor is a name and a key in date (RFC 5280, section 6.1.1); OpenSSL also wants it to be a CA.
    AnchorIsNoCa,
    /// OpenSSL takes one of two twins, from the trust store first, and does not come back for the other when it turns
    /// out bad. Shown only our path and our anchor, it agrees.
    OneTwinTried,
}

#[test]
fn a_thousand_chains_agree_with_openssl() {
    let Ok(version) = Command::new("openssl").arg("version").output() else {
        println!("SKIPPED: no openssl command");
        return;
    };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("openssl");
    std::fs::create_dir_all(&folder).unwrap();
    let decoy = root("Decoy", 63);

    // Two at a time: it is the processes that take time.
    let halves = std::thread::scope(|scope| {
        let run = |odd: u64| {
            let (folder, decoy) = (&folder, &decoy);
            scope.spawn(move || {
                (0..CHAINS)
                    .filter(|seed| seed % 2 == odd)
                    .map(|seed| compare(folder, decoy, seed))
                    .collect::<Vec<_>>()
            })
        };
        [run(0), run(1)].map(|half| half.join().unwrap())
    });
    let mut outcomes: Vec<Outcome> = halves.into_iter().flatten().collect();
    outcomes.sort_by_key(|outcome| outcome.seed);

    let unexplained: Vec<_> =
        outcomes.iter().filter_map(|outcome| outcome.agreement.as_ref().err()).collect();
    assert!(unexplained.is_empty(), "{} unexplained:\n{unexplained:#?}", unexplained.len());
    let count = |wanted: Agreement| outcomes.iter().filter(|outcome| outcome.agreement == Ok(wanted)).count();
    let explained = [
        Explanation::CaAsLeaf,
        Explanation::CommonName,
        Explanation::AnchorIsNoCa,
        Explanation::OneTwinTried,
    ]
    .map(|explanation| (explanation, count(Agreement::Explained(explanation))));
    let (trusted, distrusted) = (count(Agreement::BothTrust), count(Agreement::NeitherTrusts));
    println!(
        "{}: {trusted} trusted by both, {distrusted} by neither, explained: {explained:?}",
        String::from_utf8_lossy(&version.stdout).trim()
    );
    // A generator that makes only one kind of chain would agree for nothing; a reason that never comes up is none.
    assert!(trusted > 200 && distrusted > 200, "{trusted} and {distrusted}");
    assert!(explained.iter().all(|(_, count)| *count > 0), "{explained:?}");
    thumbprints_agree(&folder, &outcomes);
}

struct Outcome {
    seed: u64,
    /// As we read it, of the last certificate.
    thumbprint: Thumbprint,
    agreement: Result<Agreement, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreement {
    BothTrust,
    NeitherTrusts,
    Explained(Explanation),
}

fn compare(folder: &Path, decoy: &Made, seed: u64) -> Outcome {
    let random = RandomChain::new(seed);
    let chain: Vec<Certificate> =
        random.served.iter().map(|member| Certificate::new(member.made.der.clone())).collect();
    let mut trusted: Vec<&Made> = random.trusted.iter().map(|member| &member.made).collect();
    trusted.push(decoy);
    let judged = trusting(&trusted).judge(&chain, Some(&host(HOST)), NOW);
    let ours = judged.verified == Ok(AnchorSource::Added);

    order_agrees(seed, &random, &chain);
    let members: Vec<&Made> = random.served.iter().map(|member| &member.made).collect();
    std::fs::write(folder.join(last_file(seed)), &members[members.len() - 1].der).unwrap();
    let thumbprint = served_chain(&members).root_ca().sha1;

    let all: Vec<&[u8]> = chain.iter().map(|certificate| certificate.der.as_ref()).collect();
    let (theirs, said) = openssl_trusts(folder, seed, &trusted, &all);
    if ours == theirs {
        let agreement = Ok(if ours { Agreement::BothTrust } else { Agreement::NeitherTrusts });
        return Outcome { seed, thumbprint, agreement };
    }
    let explanation = if theirs {
        ours_is_stricter(&random, &judged)
    } else {
        let anchor = judged.anchor.as_ref().map(|anchor| &anchor.certificate.der);
        let only_ours: Vec<&Made> = trusted
            .iter()
            .copied()
            .filter(|made| std::ptr::eq(*made, decoy) || Some(&made.der) == anchor)
            .collect();
        let path: Vec<&[u8]> = judged.anchored_path.iter().map(|&i| all[i]).collect();
        let (agreed, said) = openssl_trusts(folder, seed, &only_ours, &path);
        if agreed { Some(Explanation::OneTwinTried) } else { theirs_is_stricter(&random, &judged, &said) }
    };
    let describe = || format!("seed {seed}: ours {:?}, openssl: {said}, {:?}", judged.verified, random.story);
    Outcome { seed, thumbprint, agreement: explanation.map(Agreement::Explained).ok_or_else(describe) }
}

fn ours_is_stricter(random: &RandomChain, judged: &Judgement) -> Option<Explanation> {
    let first = &random.served[0];
    match judged.verified {
        Err(Distrust::CaAsLeaf) if first.is_ca => Some(Explanation::CaAsLeaf),
        Err(Distrust::NameMismatch)
            if first.made.params.subject_alt_names.is_empty() && first.subject == HOST =>
        {
            Some(Explanation::CommonName)
        }
        _ => None,
    }
}

fn theirs_is_stricter(random: &RandomChain, judged: &Judgement, said: &str) -> Option<Explanation> {
    let anchor = &judged.anchor.as_ref()?.certificate;
    let anchor = random.trusted.iter().find(|member| member.made.der == anchor.der)?;
    (!anchor.is_ca && said.contains("invalid CA certificate")).then_some(Explanation::AnchorIsNoCa)
}

/// The path is one, by what the generator knows of names and keys; it holds the last certificate if any path does,
/// and no longer one does.
fn order_agrees(seed: u64, random: &RandomChain, chain: &[Certificate]) {
    let path = served_path(chain).positions;
    let leaf = random.leaf();
    assert_eq!(path.first(), Some(&leaf), "seed {seed}: leaf of {:?}", random.story);
    for pair in path.windows(2) {
        let [child, issuer] = [pair[0], pair[1]].map(|i| &random.served[i]);
        assert!(issuer.has_issued(child), "seed {seed}: {pair:?} of {:?}", random.story);
    }
    let last = &random.served[random.served.len() - 1];
    let holds_last = |path: &[usize]| path.iter().any(|&i| random.served[i].made.der == last.made.der);
    let best =
        all_paths(&random.served, &[leaf]).into_iter().map(|path| (holds_last(&path), path.len())).max();
    assert_eq!(Some((holds_last(&path), path.len())), best, "seed {seed}: {path:?} of {:?}", random.story);
}

/// Every path upwards, without any bound.
fn all_paths(served: &[Member], path: &[usize]) -> Vec<Vec<usize>> {
    let mut paths = vec![path.to_vec()];
    for next in 0..served.len() {
        let is_new = path.iter().all(|&i| !served[i].is_twin_of(&served[next]));
        if is_new && served[next].has_issued(&served[path[path.len() - 1]]) {
            paths.extend(all_paths(served, &[path, &[next]].concat()));
        }
    }
    paths
}

fn openssl_trusts(folder: &Path, seed: u64, trusted: &[&Made], chain: &[&[u8]]) -> (bool, String) {
    let file = |name: &str, ders: &[&[u8]]| {
        let path = folder.join(format!("{seed}.{name}.pem"));
        std::fs::write(&path, ders.iter().map(|der| armoured("CERTIFICATE", der)).collect::<String>())
            .unwrap();
        path
    };
    let roots: Vec<&[u8]> = trusted.iter().map(|made| made.der.as_ref()).collect();
    let mut command = Command::new("openssl");
    command.args(["verify", "-no-CApath", "-no-CAstore", "-purpose", "sslserver", "-verify_hostname", HOST]);
    command.args(["-attime", &NOW.seconds().to_string()]).arg("-CAfile").arg(file("roots", &roots));
    if chain.len() > 1 {
        command.arg("-untrusted").arg(file("untrusted", &chain[1..]));
    }
    let output = command.arg(file("leaf", &chain[..1])).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn last_file(seed: u64) -> String {
    format!("{seed}.last.der")
}

/// One `openssl dgst` for all of them.
fn thumbprints_agree(folder: &Path, outcomes: &[Outcome]) {
    let output = Command::new("openssl")
        .args(["dgst", "-sha1", "-r"])
        .args(outcomes.iter().map(|outcome| last_file(outcome.seed)))
        .current_dir(folder)
        .output()
        .unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    let ours = outcomes.iter().map(|outcome| format!("{} *{}", outcome.thumbprint, last_file(outcome.seed)));
    assert_eq!(ours.collect::<Vec<_>>(), theirs.lines().collect::<Vec<_>>());
}
