//! Where the state is kept: the setting `state.file`.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// In systemd's state directory.
const NAME: &str = "state.json";
/// Nowhere.
const NONE: &str = "none";

/// The setting `state.file`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StateFile {
    /// Empty: in the directory that systemd has made (`StateDirectory=`), if it has.
    #[default]
    OfService,
    /// `none`.
    Nowhere,
    At(PathBuf),
}

impl StateFile {
    /// The file, where `state_directory` is the variable `STATE_DIRECTORY`: one directory or several, parted by colons
    /// (`systemd.exec(5)`).
    #[must_use]
    pub fn path(&self, state_directory: Option<&str>) -> Option<PathBuf> {
        match self {
            Self::At(path) => Some(path.clone()),
            Self::Nowhere => None,
            Self::OfService => {
                let first = Path::new(state_directory?.split(':').next()?);
                first.is_absolute().then(|| first.join(NAME))
            }
        }
    }
}

impl From<&str> for StateFile {
    fn from(text: &str) -> Self {
        match text {
            "" => Self::OfService,
            NONE => Self::Nowhere,
            path => Self::At(path.into()),
        }
    }
}

impl fmt::Display for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfService => Ok(()),
            Self::Nowhere => f.write_str(NONE),
            Self::At(path) => path.display().fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for StateFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

impl Serialize for StateFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_is() {
        for (setting, of_service, path) in [
            ("", None, None),
            ("", Some(""), None),
            ("", Some("relative"), None),
            ("", Some("/var/lib/x"), Some("/var/lib/x/state.json")),
            ("", Some("/var/lib/x:/var/lib/y"), Some("/var/lib/x/state.json")),
            ("none", Some("/var/lib/x"), None),
            ("/data/state", Some("/var/lib/x"), Some("/data/state")),
            ("state.json", None, Some("state.json")),
        ] {
            let file = StateFile::from(setting);
            assert_eq!(file.path(of_service), path.map(PathBuf::from), "{setting:?} {of_service:?}");
            assert_eq!(file.to_string(), setting);
        }
    }
}
