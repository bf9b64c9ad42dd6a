//! Keys, certificates and servers of OpenSSL's command line, for kinds of keys that rcgen does not have.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::lab::ca::Der;
use super::process::output;
use super::server::Server;

/// A certificate and its key, in files.
#[derive(Clone)]
pub struct Credential {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Credential {
    /// A CA that signed itself. `key` is what `openssl req -newkey` takes, and more of its options.
    pub fn ca(directory: &Path, name: &str, key: &[&str]) -> Self {
        let extensions = ["basicConstraints=critical,CA:true", "keyUsage=critical,keyCertSign"];
        Self::make(directory, name, key, None, &extensions, &[])
    }

    /// A leaf for `host`. `sign` are options of `openssl x509`, such as `-md5`.
    pub fn leaf(
        directory: &Path,
        name: &str,
        host: &str,
        key: &[&str],
        issuer: &Self,
        sign: &[&str],
    ) -> Self {
        let names = format!("subjectAltName=DNS:{host}");
        Self::make(directory, name, key, Some(issuer), &["basicConstraints=CA:false", &names], sign)
    }

    fn make(
        directory: &Path,
        name: &str,
        key: &[&str],
        issuer: Option<&Self>,
        extensions: &[&str],
        sign: &[&str],
    ) -> Self {
        let [certificate, key_file, request, settings] =
            ["pem", "key", "csr", "ext"].map(|end| directory.join(format!("{name}.{end}")));
        let identifiers = match issuer {
            None => "subjectKeyIdentifier=hash\n",
            Some(_) => "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        };
        std::fs::write(&settings, format!("{identifiers}{}\n", extensions.join("\n"))).unwrap();
        output(
            Command::new("openssl")
                .args(["req", "-new", "-nodes", "-subj", &format!("/O=Lab/CN={name}"), "-newkey"])
                .args(key)
                .arg("-keyout")
                .arg(&key_file)
                .arg("-out")
                .arg(&request),
        );
        let mut signing = Command::new("openssl");
        signing.args(["x509", "-req", "-days", "30", "-set_serial", "7"]).args(sign);
        signing.arg("-in").arg(&request).arg("-extfile").arg(&settings).arg("-out").arg(&certificate);
        match issuer {
            None => signing.arg("-signkey").arg(&key_file),
            Some(issuer) => signing.arg("-CA").arg(&issuer.certificate).arg("-CAkey").arg(&issuer.key),
        };
        output(&mut signing);
        Self { certificate, key: key_file }
    }

    pub fn der(&self) -> Der {
        CertificateDer::from_pem_file(&self.certificate).unwrap()
    }
}

/// `openssl s_server` with this chain of two and these options. It serves one connection after another.
pub fn s_server(leaf: &Credential, ca: &Credential, options: &str) -> Server {
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let files = [
        ("-cert", &leaf.certificate),
        ("-key", &leaf.key),
        ("-cert_chain", &ca.certificate),
        ("-CAfile", &ca.certificate),
    ];
    Server::start("openssl", |_, address| {
        let mut arguments =
            vec!["s_server".to_owned(), "-WWW".to_owned(), "-accept".to_owned(), address.to_string()];
        arguments.extend(files.into_iter().flat_map(|(option, file)| [option.to_owned(), path(file)]));
        arguments.extend(options.split_whitespace().map(str::to_owned));
        arguments
    })
}
