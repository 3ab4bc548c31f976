#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(hsmboot::fuzzing::simulator_request(data)));
