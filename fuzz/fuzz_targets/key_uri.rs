#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    targets::key_uri(data);
    hsmboot::fuzzing::awskms_uri(data.strip_prefix(b"awskms:").unwrap_or(data));
});
