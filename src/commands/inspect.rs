use std::process::ExitCode;
use crate::cli::Inspect;
use crate::error::Error;

pub(super) fn run(_options: &Inspect) -> Result<ExitCode, Error> {
    Ok(ExitCode::SUCCESS)
}
