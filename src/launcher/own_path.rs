use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::LaunchError;

/// The path of the running executable, with links resolved.
///
/// Without /proc (in a bare chroot), the path that the kernel passed in the auxiliary vector.
///
/// # Errors
/// [`LaunchError::NoOwnPath`] if there is none.
pub fn own_path() -> Result<PathBuf, LaunchError> {
    if let Ok(path) = std::fs::read_link("/proc/self/exe") {
        // A memfd or a deleted file has no path, but opening the link itself still works.
        return Ok(if path.exists() {
            path
        } else {
            "/proc/self/exe".into()
        });
    }
    let executed = rustix::param::linux_execfn();
    if executed.is_empty() {
        return Err(LaunchError::NoOwnPath);
    }
    let path = PathBuf::from(std::ffi::OsStr::from_bytes(executed.to_bytes()));
    Ok(path.canonicalize().unwrap_or(path))
}
