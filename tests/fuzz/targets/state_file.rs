#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    oidc_thumbprint_exporter_fuzz::state_file(input);
});
