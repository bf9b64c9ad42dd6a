//! The command: everything is in the library.

fn main() -> std::process::ExitCode {
    oidc_thumbprint_exporter::cli::main()
}
