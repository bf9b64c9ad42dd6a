//! What is wrong with the variables and profiles that credentials come from, found once the SDK has failed: many of its
//! errors name neither file nor profile. In goes the environment, out come findings, which hold names and paths and never
//! a value that could be a secret.

use std::fmt::Write as _;
use std::path::PathBuf;

use aws_config::profile::{self, Profile, ProfileSet};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use sha1::{Digest as _, Sha1};
use sha2::{Digest as _, Sha256};

use super::cause::innermost;
use super::shared_file::{FileProblem, NamedBy, SharedFile, home, read_text, token_problem};
use super::values::{self, BadValue};

/// Most profiles that are followed from one to the next.
const MAX_PROFILES: usize = 16;

/// One thing that keeps credentials from being found, or tells where they were looked for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Finding {
    #[error("{path} ({named_by}): {problem}")]
    File { path: String, named_by: NamedBy, problem: FileProblem },
    /// With path and line.
    #[error("{0}")]
    Syntax(String),
    #[error("profile \"{profile}\" (AWS_PROFILE) is in neither {config} nor {credentials}")]
    NoSuchProfile { profile: String, config: String, credentials: String },
    #[error("in {path} the heading has to be [{heading}]")]
    Heading { path: String, heading: String },
    /// Editors of Windows add the ending, and hide it.
    #[error("there is {path}.txt, which has to be called {path}")]
    Ending { path: String },
    #[error("{given} is set and {missing} is not")]
    Half { given: &'static str, missing: &'static str },
    #[error("AWS_DEFAULT_PROFILE is not used; set AWS_PROFILE")]
    DefaultProfile,
    #[error("profile \"{profile}\" needs a login: run `{command} --profile {profile}` ({path}: {problem})")]
    NoLogin { profile: String, command: &'static str, path: String, problem: FileProblem },
    /// It may have ended.
    #[error("`{command} --profile {profile}` renews the login in {path}")]
    Login { profile: String, command: &'static str, path: String },
    #[error(transparent)]
    Value(#[from] BadValue),
    /// They go before everything else.
    #[error("the keys of the environment (AWS_ACCESS_KEY_ID) are used")]
    Keys,
    #[error("credentials are asked for at {0}")]
    Container(&'static str),
    #[error("profile \"{profile}\" runs a credential_process")]
    Process { profile: String },
    #[error("profile \"{profile}\" has a {key} and no role_arn")]
    NoRole { profile: String, key: &'static str },
    #[error("profile \"{profile}\" is its own source_profile and holds no keys")]
    OwnSource { profile: String },
    #[error("profile \"{profile}\" has credential_source = {value}")]
    CredentialSource { profile: String, value: String },
    #[error("profile \"{profile}\" asks for a code (mfa_serial), which nobody is here to type")]
    Mfa { profile: String },
    #[error("profile \"{profile}\" of {path} names no credentials")]
    NoCredentials { profile: String, path: String },
    /// Nothing is wrong with it that can be seen from here.
    #[error("profile \"{profile}\" of {path}")]
    Used { profile: String, path: String },
}

impl Finding {
    /// It explains that a call never ended.
    pub(super) fn takes_time(&self) -> bool {
        matches!(self, Self::Process { .. } | Self::Container(_))
    }

    /// It explains that no call could be made, with whatever credentials.
    pub(super) fn is_of_the_way(&self) -> bool {
        matches!(self, Self::Value(value) if value.is_of_the_way())
    }
}

/// Each of them makes a profile one with credentials (`aws-config`, module `profile::credentials`).
const SOURCES: [&str; 9] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "credential_process",
    "login_session",
    "role_arn",
    "sso_account_id",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];

/// Everything that is found in this environment.
pub(super) async fn findings(env: &Env) -> Vec<Finding> {
    let mut found: Vec<Finding> = values::of_variables(env).into_iter().map(Finding::Value).collect();
    let profiles = profile::load(&Fs::real(), env, &EnvConfigFiles::default(), None).await;
    if KEYS.into_iter().all(|name| is_set(env, name)) {
        found.push(Finding::Keys);
        let selected = profiles.as_ref().ok().and_then(|set| set.get_profile(set.selected_profile()));
        let of_profile = selected.map(|profile| values::of_profile(env, profile)).unwrap_or_default();
        found.extend(of_profile.into_iter().filter(BadValue::is_of_the_way).map(Finding::Value));
        return found;
    }
    found.extend(variables(env));
    let files = [SharedFile::config(env), SharedFile::credentials(env)];
    found.extend(files.iter().filter_map(broken));
    found.extend(files.iter().filter_map(SharedFile::with_ending).map(|path| Finding::Ending { path }));
    // What the SDK would take for empty would only lead astray.
    if files.iter().all(|file| matches!(file.text, Ok(_) | Err(FileProblem::Missing))) {
        let [config, credentials] = files;
        match profiles {
            Ok(profiles) => found.extend(profile_findings(env, &profiles, &config, &credentials)),
            Err(error) => found.push(Finding::Syntax(one_line(&innermost(&error)))),
        }
    }
    found
}

fn broken(file: &SharedFile) -> Option<Finding> {
    // A variable that names nothing was told of before.
    let problem = file.problem().filter(|_| !file.path.as_os_str().is_empty())?;
    let (path, named_by) = (file.path.display().to_string(), file.named_by.clone());
    Some(Finding::File { path, named_by, problem })
}

/// The SDK breaks the line before the reason.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const STATIC_KEY: &str = "aws_access_key_id";
const KEYS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

fn is_set(env: &Env, name: &str) -> bool {
    env.get(name).is_ok_and(|value| !value.trim().is_empty())
}

/// Variables that go together, and files that they name.
fn variables(env: &Env) -> Vec<Finding> {
    const TOKEN_FILES: [&str; 2] = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
    const PAIRS: [[&str; 2]; 2] = [KEYS, ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"]];
    let is_set = |name: &str| is_set(env, name);
    let halves = PAIRS.into_iter().filter_map(|[first, second]| match (is_set(first), is_set(second)) {
        (true, false) => Some(Finding::Half { given: first, missing: second }),
        (false, true) => Some(Finding::Half { given: second, missing: first }),
        _ => None,
    });
    let tokens = TOKEN_FILES.into_iter().filter(|name| is_set(name)).filter_map(|name| {
        let path = PathBuf::from(env.get(name).ok()?);
        let problem = token_problem(&path)?;
        Some(Finding::File { path: path.display().to_string(), named_by: NamedBy::Variable(name), problem })
    });
    let mut found: Vec<Finding> = halves.chain(tokens).collect();
    let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
    found.extend(container.into_iter().find(|name| is_set(name)).map(Finding::Container));
    if is_set("AWS_DEFAULT_PROFILE") && !is_set("AWS_PROFILE") {
        found.push(Finding::DefaultProfile);
    }
    found
}

/// The selected profile, and those that it takes its credentials from.
fn profile_findings(
    env: &Env,
    profiles: &ProfileSet,
    config: &SharedFile,
    credentials: &SharedFile,
) -> Vec<Finding> {
    let selected = profiles.selected_profile();
    let Some(first) = profiles.get_profile(selected) else {
        return missing(env, selected, config, credentials);
    };
    let mut found = Vec::new();
    let file = [credentials, config]
        .into_iter()
        .find(|file| file.has_heading(selected) || file.has_heading(&format!("profile {selected}")));
    if let Some(file) = file {
        let (profile, path) = (selected.to_owned(), file.path.display().to_string());
        let has_source = SOURCES.iter().any(|key| first.get(key).is_some());
        found.push(if has_source {
            Finding::Used { profile, path }
        } else {
            Finding::NoCredentials { profile, path }
        });
    }
    let mut chain: Vec<&str> = Vec::new();
    let mut next = Some(first);
    while let Some(profile) = next.filter(|next| !chain.contains(&next.name()) && chain.len() < MAX_PROFILES)
    {
        chain.push(profile.name());
        found.extend(values::of_profile(env, profile).into_iter().map(Finding::Value));
        found.extend(
            [role(profile), token_file(profile), login(env, profiles, profile)].into_iter().flatten(),
        );
        let source = profile.get("source_profile");
        next = source.and_then(|name| profiles.get_profile(name));
        if let (Some(name), None) = (source, next) {
            found.extend(misspelled(name, config, credentials));
        }
    }
    found
}

/// Nobody misses a default profile that nobody asked for.
fn missing(env: &Env, selected: &str, config: &SharedFile, credentials: &SharedFile) -> Vec<Finding> {
    if !is_set(env, "AWS_PROFILE") {
        return Vec::new();
    }
    let [in_config, in_credentials] = [config, credentials].map(|file| file.path.display().to_string());
    let profile = selected.to_owned();
    let missing = Finding::NoSuchProfile { profile, config: in_config, credentials: in_credentials };
    std::iter::once(missing).chain(misspelled(selected, config, credentials)).collect()
}

/// A heading that people take for that of the profile, and the SDK does not.
fn misspelled(profile: &str, config: &SharedFile, credentials: &SharedFile) -> Option<Finding> {
    let (name, long) = (profile.trim(), format!("profile {}", profile.trim()));
    let is_in = |file: &SharedFile| [name, &long].iter().any(|heading| file.has_heading_like(heading));
    let (file, heading) = if is_in(config) {
        (config, long.clone())
    } else {
        (credentials, is_in(credentials).then(|| name.to_owned())?)
    };
    // With a space or quotes in the name it is the name that is wrong.
    (!profile.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')) && !file.has_heading(&heading))
        .then(|| Finding::Heading { path: file.path.display().to_string(), heading })
}

fn role(profile: &Profile) -> Option<Finding> {
    let name = || profile.name().to_owned();
    if profile.get("credential_process").is_some() {
        return Some(Finding::Process { profile: name() });
    }
    if profile.get("mfa_serial").is_some() {
        return Some(Finding::Mfa { profile: name() });
    }
    if profile.get("source_profile") == Some(profile.name()) && profile.get(STATIC_KEY).is_none() {
        return Some(Finding::OwnSource { profile: name() });
    }
    let has_role = profile.get("role_arn").is_some();
    if let Some(value) = profile.get("credential_source").filter(|_| has_role) {
        return Some(Finding::CredentialSource { profile: name(), value: value.to_owned() });
    }
    let key = ["source_profile", "credential_source"].into_iter().find(|key| profile.get(key).is_some())?;
    (!has_role).then(|| Finding::NoRole { profile: name(), key })
}

fn token_file(profile: &Profile) -> Option<Finding> {
    let path = PathBuf::from(profile.get("web_identity_token_file")?);
    let problem = token_problem(&path)?;
    let named_by = NamedBy::Profile(profile.name().to_owned());
    Some(Finding::File { path: path.display().to_string(), named_by, problem })
}

/// `aws sso login` and `aws login` leave a file each, named by the hash of what they logged in to.
fn login(env: &Env, profiles: &ProfileSet, profile: &Profile) -> Option<Finding> {
    let (command, path) = if let Some(session) = profile.get("login_session") {
        let cache = env.get("AWS_LOGIN_CACHE_DIRECTORY").map(PathBuf::from);
        let cache = cache.unwrap_or_else(|_| home(env).join(".aws/login/cache"));
        ("aws login", cache.join(hex(&Sha256::digest(session.trim()))))
    } else {
        // Without its account, region or section it is not a login that is missing.
        profile.get("sso_account_id")?;
        let session = match profile.get("sso_session") {
            Some(name) => {
                profiles.sso_session(name).filter(|s| s.get("sso_region").is_some()).map(|_| name)?
            }
            None => profile.get("sso_region").and(profile.get("sso_start_url"))?,
        };
        ("aws sso login", home(env).join(".aws/sso/cache").join(hex(&Sha1::digest(session))))
    };
    let path = path.with_extension("json");
    let (profile, shown) = (profile.name().to_owned(), path.display().to_string());
    Some(match read_text(&path) {
        Ok(_) => Finding::Login { profile, command, path: shown },
        Err(problem) => Finding::NoLogin { profile, command, path: shown, problem },
    })
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
