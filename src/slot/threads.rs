use std::thread::Builder;

/// Calls `work` from up to `count` threads, including the caller's, and collects the results.
///
/// If the system provides fewer threads, those do all the work: `work` must take its parts from a
/// queue. The result of a thread that panics is `died`.
pub fn on_threads<T: Send>(
    count: usize,
    work: impl Fn() -> T + Sync,
    died: impl Fn() -> T,
) -> Vec<T> {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..count)
            .map_while(|_| Builder::new().spawn_scoped(scope, &work).ok())
            .collect();
        let own = work();
        let others = others
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| died()));
        std::iter::once(own).chain(others).collect()
    })
}

/// The useful number of threads: one for each processor that this process may use. CPU quotas of
/// containers are ignored: excess threads merely wait for each other, and reading quotas takes more
/// code than extracting a tar.
pub fn processors() -> usize {
    const MOST: u32 = 32;
    let processors = rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count());
    processors.clamp(1, MOST) as usize
}
