fn main() { println!("{:?}", rustls::crypto::aws_lc_rs::default_provider().cipher_suites.len()); }
