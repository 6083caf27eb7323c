//! Whether a file that was verified can change before another program opens it by its path.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// File systems whose content another party controls, whatever owner and mode they show: the
/// server, or for FUSE the user who mounted it (statfs(2)).
const PROVIDED_BY_OTHERS: [u32; 9] = [
    0x6969,      // NFS
    0x517b,      // SMB
    0xff53_4d42, // CIFS
    0xfe53_4d42, // SMB2
    0x6573_5546, // FUSE
    0x0102_1997, // 9P
    0x00c3_6400, // Ceph
    0x5346_414f, // AFS
    0x7375_7245, // Coda
];

/// Whether anybody but this user and root could modify an open file, or replace it by another one.
/// True if that cannot be determined.
pub fn is_exposed(file: &File) -> bool {
    may_be_changed(file).unwrap_or(true)
}

fn may_be_changed(file: &File) -> io::Result<bool> {
    let kind = rustix::fs::fstatfs(file)?.f_type;
    // Kernels for 32 bits report these numbers as signed.
    if PROVIDED_BY_OTHERS
        .iter()
        .any(|other| i128::from(kind) & 0xffff_ffff == i128::from(*other))
    {
        return Ok(true);
    }
    // The group bits are also the mask of an access control list (acl(5)): without the write bit no
    // entry grants writing.
    let metadata = file.metadata()?;
    if is_of_another(&metadata) || metadata.mode() & 0o022 != 0 {
        return Ok(true);
    }
    // The file has been deleted, so it is unknown what the path will lead to.
    if metadata.nlink() == 0 {
        return Ok(true);
    }
    // The path according to the kernel, without links.
    let path = Path::new("/proc/self/fd")
        .join(file.as_raw_fd().to_string())
        .read_link()?;
    for directory in path.ancestors().skip(1) {
        let metadata = directory.symlink_metadata()?;
        // In a sticky directory, only the owners of the entry and of the directory can replace an
        // entry.
        let is_open = metadata.mode() & 0o022 != 0 && metadata.mode() & 0o1000 == 0;
        if is_of_another(&metadata) || is_open {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_of_another(metadata: &Metadata) -> bool {
    metadata.uid() != rustix::process::geteuid().as_raw() && metadata.uid() != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::set_mode;

    #[test]
    fn modes_of_the_file_and_of_what_leads_to_it_count() {
        let base = tempfile::tempdir().expect("a directory");
        let (directory, path) = (
            base.path().join("directory"),
            base.path().join("directory/file"),
        );
        std::fs::create_dir(&directory).expect("a directory");
        std::fs::write(&path, "").expect("a file");
        let file = File::open(&path).expect("the file");
        for (of_directory, of_file, exposed) in [
            (0o755, 0o755, false),
            (0o755, 0o775, true),
            (0o755, 0o757, true),
            (0o775, 0o755, true),
            (0o1777, 0o755, false),
        ] {
            set_mode(&directory, of_directory).expect("a mode");
            set_mode(&path, of_file).expect("a mode");
            assert_eq!(is_exposed(&file), exposed, "{of_directory:o} {of_file:o}");
        }
        std::fs::remove_file(&path).expect("removed");
        assert!(is_exposed(&file), "it has no path any more");
    }
}
