//! BLAKE3 over part of a file, on several cores.

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use blake3::Hasher;
use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root,
};

use super::threads::on_threads;
use crate::format::Blake3;
use crate::fs::Window;

/// Bytes of one subtree: a power of two, so that subtrees are nodes of BLAKE3's own tree (its
/// paper, § 2.1).
const SUBTREE: u64 = 1 << 20;

/// The digest of the `len` bytes from `offset`, computed by up to `jobs` threads.
pub fn digest_range(file: &File, offset: u64, len: u64, jobs: usize) -> io::Result<Blake3> {
    let count = usize::try_from(len.div_ceil(SUBTREE)).unwrap_or(usize::MAX);
    if count <= 1 || jobs <= 1 {
        let mut hasher = Hasher::new();
        io::copy(&mut Window::new(file, offset, len), &mut hasher)?;
        return Ok(Blake3(*hasher.finalize().as_bytes()));
    }
    let next = AtomicUsize::new(0);
    let values = Mutex::new(vec![[0; 32]; count]);
    let worker = || -> io::Result<()> {
        let mut buffer = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return Ok(());
            }
            let start = (at as u64).saturating_mul(SUBTREE);
            buffer.clear();
            let part = SUBTREE.min(len.saturating_sub(start));
            Window::new(file, offset.saturating_add(start), part).read_to_end(&mut buffer)?;
            let value = Hasher::new()
                .set_input_offset(start)
                .update(&buffer)
                .finalize_non_root();
            if let Some(place) = values
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_mut(at)
            {
                *place = value;
            }
        }
    };
    let results = on_threads(jobs.min(count), worker, || {
        Err(io::Error::other("a thread died"))
    });
    results.into_iter().collect::<io::Result<()>>()?;
    let values = values.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (left, right) = values.split_at(left_len(values.len()));
    Ok(Blake3(
        *merge_subtrees_root(&merge(left), &merge(right), Mode::Hash).as_bytes(),
    ))
}

fn merge(values: &[ChainingValue]) -> ChainingValue {
    if let [value] = values {
        return *value;
    }
    let (left, right) = values.split_at(left_len(values.len()));
    merge_subtrees_non_root(&merge(left), &merge(right), Mode::Hash)
}

/// The left child takes the largest power of two that leaves something for the right one.
fn left_len(count: usize) -> usize {
    count.next_power_of_two() / 2
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn threads_find_the_same_digest_as_one() {
        let mut file = tempfile::tempfile().expect("a temporary file");
        let bytes: Vec<u8> = (0..5 * SUBTREE + 777)
            .map(|at| u8::try_from(at * at % 251).unwrap_or(0))
            .collect();
        file.write_all(&bytes).expect("written");
        for len in [
            0,
            1,
            SUBTREE,
            SUBTREE + 1,
            2 * SUBTREE,
            3 * SUBTREE + 5,
            5 * SUBTREE + 700,
        ] {
            let expected = Blake3::of(&bytes[7..7 + usize::try_from(len).expect("small")]);
            assert_eq!(
                digest_range(&file, 7, len, 3).expect("hashed"),
                expected,
                "{len} bytes"
            );
        }
    }
}
