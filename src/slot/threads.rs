use std::thread::Builder;

/// Calls `work` from up to `count` threads at once, the caller's among them, and collects what they return.
///
/// Where the system gives no more threads, fewer do all of it: `work` is to take its parts from a queue. That a thread
/// panics is `died` in its place.
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

/// How many threads are worth having: one for each processor that this process may use. A container's share of processor time is not looked at: more threads
/// than that wait for each other, and asking takes more code than unpacking a tar.
pub fn processors() -> usize {
    const MOST: u32 = 32;
    let processors = rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count());
    processors.clamp(1, MOST) as usize
}
