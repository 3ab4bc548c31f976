#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    hsmboot::fuzzing::authorization(data);
});
