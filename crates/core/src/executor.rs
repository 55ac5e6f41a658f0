//! Who computes what: work is cut into a fixed number of shards, an executor runs them.
//!
//! The number of shards follows from the work alone and results are reduced in index order, so
//! an executor with any number of threads gives the same bits.

/// Runs independent pieces of work, each on its own item.
///
/// [`Serial`] is enough for small work. With threads (a pool would not start them anew each time):
///
/// ```
/// use nextchar_core::Executor;
///
/// struct Scoped;
///
/// impl Executor for Scoped {
///     fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
///         std::thread::scope(|scope| {
///             for (index, item) in items.iter_mut().enumerate() {
///                 let work = &work;
///                 scope.spawn(move || work(index, item));
///             }
///         });
///     }
/// }
///
/// let mut squares = [1, 2, 3];
/// Scoped.for_each(&mut squares, |_, number| *number *= *number);
/// assert_eq!(squares, [1, 4, 9]);
/// ```
pub trait Executor {
    /// Calls `work(index, item)` once for every item, in any order, perhaps at the same time,
    /// and returns when all are done.
    fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync);
}

/// One after the other, on the caller's thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Executor for Serial {
    fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        for (index, item) in items.iter_mut().enumerate() {
            work(index, item);
        }
    }
}
