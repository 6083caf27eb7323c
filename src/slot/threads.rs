use std::thread::Builder;

/// Calls `work` from up to `count` threads at once, the caller's among them, and collects what they return.
///
/// Where the system gives no more threads, fewer do all of it: `work` is to take its parts from a queue. That a thread
/// panics is `died` in its place.
pub(super) fn on_threads<T: Send>(count: usize, work: impl Fn() -> T + Sync, died: impl Fn() -> T) -> Vec<T> {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..count).map_while(|_| Builder::new().spawn_scoped(scope, &work).ok()).collect();
        let own = work();
        let others = others.into_iter().map(|thread| thread.join().unwrap_or_else(|_| died()));
        std::iter::once(own).chain(others).collect()
    })
}
