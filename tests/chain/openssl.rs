//! A thousand random chains, judged by us and by `openssl verify`; order and thumbprint against an independent account.

use std::path::{Path, PathBuf};
use std::process::Command;

use oidc_thumbprint_exporter::chain::{AnchorSource, Certificate, Distrust, Judgement, served_path};

use super::maker::*;
use super::pem::pem;
use super::random_chains::{Member, RandomChain};

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
    /// We look at a path only as far as the anchor; OpenSSL applies an anchor's path length and name constraints.
    AnchorConstraints,
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
    let outcomes: Vec<Outcome> = halves.into_iter().flatten().collect();

    let unexplained: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!(unexplained.is_empty(), "{} unexplained:\n{unexplained:#?}", unexplained.len());
    let count = |wanted: Agreement| outcomes.iter().filter(|outcome| **outcome == Ok(wanted)).count();
    let explanations = [
        Explanation::CaAsLeaf,
        Explanation::CommonName,
        Explanation::AnchorIsNoCa,
        Explanation::OneTwinTried,
        Explanation::AnchorConstraints,
    ]
    .map(|explanation| (explanation, count(Agreement::Explained(explanation))));
    let (trusted, distrusted) = (count(Agreement::BothTrust), count(Agreement::NeitherTrusts));
    println!(
        "{}: {trusted} trusted by both, {distrusted} by neither, explained: {explanations:?}",
        String::from_utf8_lossy(&version.stdout).trim()
    );
    // A generator that makes only one kind of chain would agree for nothing.
    assert!(trusted > 200 && distrusted > 200, "{trusted} and {distrusted}");
    thumbprints_agree(&folder);
}

type Outcome = Result<Agreement, String>;

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
    std::fs::write(folder.join(format!("{seed}.last.der")), &chain[chain.len() - 1].der).unwrap();

    let all: Vec<&[u8]> = chain.iter().map(|certificate| certificate.der.as_ref()).collect();
    let (theirs, said) = openssl_trusts(folder, seed, &trusted, &all);
    if ours == theirs {
        return Ok(if ours { Agreement::BothTrust } else { Agreement::NeitherTrusts });
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
    explanation.map(Agreement::Explained).ok_or_else(describe)
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
    if !anchor.is_ca && said.contains("invalid CA certificate") {
        return Some(Explanation::AnchorIsNoCa);
    }
    (said.contains("path length constraint exceeded")).then_some(Explanation::AnchorConstraints)
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
        all_paths(&random.served, vec![leaf]).into_iter().map(|path| (holds_last(&path), path.len())).max();
    assert_eq!(Some((holds_last(&path), path.len())), best, "seed {seed}: {path:?} of {:?}", random.story);
}

/// Every path upwards, without any bound.
fn all_paths(served: &[Member], path: Vec<usize>) -> Vec<Vec<usize>> {
    let mut paths = vec![path.clone()];
    for next in 0..served.len() {
        let is_new = path.iter().all(|&i| !served[i].is_twin_of(&served[next]));
        if is_new && served[next].has_issued(&served[path[path.len() - 1]]) {
            paths.extend(all_paths(served, [path.as_slice(), &[next]].concat()));
        }
    }
    paths
}

fn openssl_trusts(folder: &Path, seed: u64, trusted: &[&Made], chain: &[&[u8]]) -> (bool, String) {
    let file = |name: &str, ders: &[&[u8]]| {
        let path = folder.join(format!("{seed}.{name}.pem"));
        std::fs::write(&path, ders.iter().map(|der| pem(der)).collect::<String>()).unwrap();
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

/// One `openssl dgst` for all of them.
fn thumbprints_agree(folder: &Path) {
    let name = |seed: u64| format!("{seed}.last.der");
    let output = Command::new("openssl")
        .args(["dgst", "-sha1", "-r"])
        .args((0..CHAINS).map(name))
        .current_dir(folder)
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let mut count = 0;
    for (seed, line) in (0..CHAINS).zip(listed.lines()) {
        let (theirs, file) = line.split_once(" *").unwrap();
        assert_eq!(file, name(seed));
        let members: Vec<Made> =
            RandomChain::new(seed).served.into_iter().map(|member| member.made).collect();
        assert_eq!(members.len(), served_chain(&members.iter().collect::<Vec<_>>()).certificates().len());
        let last = Certificate::new(std::fs::read(folder.join(file)).unwrap().into());
        assert_eq!(last.sha1.to_string(), theirs, "seed {seed}");
        count += 1;
    }
    assert_eq!(count, CHAINS);
}
