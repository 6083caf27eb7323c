#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| flavor_fuzz::policy(data));

#[cfg(not(fuzzing))]
fn main() {
    flavor_fuzz::replay_arguments(flavor_fuzz::policy);
}
