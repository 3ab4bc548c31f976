#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(hsmboot::fuzzing::key_file(data)));
