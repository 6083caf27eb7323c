use std::process::ExitCode;

use flavor::sign::{PRIVATE_KEY_FILE, PUBLIC_KEY_FILE, SecretKey, write_key_pair};
use serde_json::json;

use crate::cli::Keygen;
use crate::error::Error;
use crate::output;

pub(super) fn run(options: &Keygen, as_json: bool) -> Result<ExitCode, Error> {
    let key = SecretKey::generate()?;
    write_key_pair(&key, &options.out_dir)?;
    if as_json {
        output::json(&json!({
            "private_key": output::text(&options.out_dir.join(PRIVATE_KEY_FILE)),
            "public_key": output::text(&options.out_dir.join(PUBLIC_KEY_FILE)),
            "fingerprint": key.public().fingerprint().as_str(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::data(&format!(
        "{}\n{}\nfingerprint {}\n",
        options.out_dir.join(PRIVATE_KEY_FILE).display(),
        options.out_dir.join(PUBLIC_KEY_FILE).display(),
        key.public().fingerprint()
    ))?;
    Ok(ExitCode::SUCCESS)
}
