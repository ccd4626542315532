//! Values in slots that never move: the one place of this crate with unsafe code.
//!
//! An arena is a list of chunks of 2^18 slots. A chunk is reserved as a whole, aligned to the
//! huge pages of the processor and advised to use them, and becomes real memory only as its slots
//! are filled. Growth adds a chunk and copies nothing, so no push ever pauses.
//!
//! Why the unsafe code is sound: slots below `len` are initialised, by [`Arena::push`] alone;
//! every access checks its slot against `len`; values are `Copy`, so nothing needs dropping; and
//! references borrow the arena, so chunks, freed only when it is dropped, outlive them.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

const CHUNK_BITS: u32 = 18;
const CHUNK_SLOTS: usize = 1 << CHUNK_BITS;
const HUGE_PAGE: usize = 2 << 20;

/// Slots of `T`, numbered from 0.
pub(crate) struct Arena<T> {
    chunks: Vec<NonNull<T>>,
    len: usize,
}

// SAFETY: an arena owns its chunks, and hands out what is in them by the rules of borrowing.
unsafe impl<T: Send> Send for Arena<T> {}
// SAFETY: as above; shared access reads only.
unsafe impl<T: Sync> Sync for Arena<T> {}

impl<T: Copy> Arena<T> {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Puts `value` into the next slot.
    pub(crate) fn push(&mut self, value: T) -> u32 {
        let slot = u32::try_from(self.len).expect("slots are 32 bits");
        assert_ne!(slot, u32::MAX, "the last slot number means none");
        if self.len == self.chunks.len() * CHUNK_SLOTS {
            self.chunks.push(reserve());
        }
        // SAFETY: the slot lies in a chunk that was reserved, now or before.
        unsafe { self.at(slot).write(value) };
        self.len += 1;
        slot
    }

    /// Forgets the slots from `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> &T {
        self.check(slot);
        // SAFETY: the slot is below `len`, so it is initialised; the reference borrows the arena.
        unsafe { self.at(slot).as_ref() }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut T {
        self.check(slot);
        // SAFETY: as in `get`, and the arena is borrowed mutably.
        unsafe { self.at(slot).as_mut() }
    }

    /// The slots from `first` to before `end`, which lie in one chunk.
    pub(crate) fn run(&self, first: usize, end: usize) -> &[T] {
        if first == end {
            return &[];
        }
        assert!(first < end && end <= self.len, "the slots are filled");
        assert_eq!(
            first >> CHUNK_BITS,
            (end - 1) >> CHUNK_BITS,
            "a run lies in one chunk"
        );
        // SAFETY: all the slots are initialised and stand side by side in one chunk.
        unsafe { std::slice::from_raw_parts(self.at(first as u32).as_ptr(), end - first) }
    }

    #[inline]
    fn check(&self, slot: u32) {
        assert!((slot as usize) < self.len, "the slot is filled");
    }

    /// # Safety
    /// The chunk of `slot` has been reserved.
    #[inline]
    unsafe fn at(&self, slot: u32) -> NonNull<T> {
        let slot = slot as usize;
        debug_assert!(slot >> CHUNK_BITS < self.chunks.len(), "it is reserved");
        // SAFETY: by the contract the chunk is there, and the offset stays within it.
        unsafe {
            self.chunks
                .get_unchecked(slot >> CHUNK_BITS)
                .add(slot & (CHUNK_SLOTS - 1))
        }
    }
}

impl<T> Drop for Arena<T> {
    fn drop(&mut self) {
        for chunk in &self.chunks {
            // SAFETY: the chunk came from `alloc` with this layout, and is given back once.
            unsafe { dealloc(chunk.as_ptr().cast(), layout::<T>()) };
        }
    }
}

fn layout<T>() -> Layout {
    const { assert!(size_of::<T>() > 0 && align_of::<T>() <= HUGE_PAGE) };
    Layout::from_size_align(size_of::<T>() * CHUNK_SLOTS, HUGE_PAGE).expect("a chunk is small")
}

fn reserve<T>() -> NonNull<T> {
    let layout = layout::<T>();
    // SAFETY: the layout is not of size 0.
    let chunk = unsafe { alloc(layout) };
    let Some(chunk) = NonNull::new(chunk) else {
        handle_alloc_error(layout)
    };
    #[cfg(target_os = "linux")]
    // Refused where the system has no huge pages; then small ones do, slower.
    // SAFETY: the range is our own allocation, and the advice does not change what it holds.
    let _ = unsafe {
        rustix::mm::madvise(
            chunk.as_ptr().cast(),
            layout.size(),
            rustix::mm::Advice::LinuxHugepage,
        )
    };
    chunk.cast()
}

#[cfg(test)]
mod tests {
    use super::{Arena, CHUNK_SLOTS, HUGE_PAGE};

    #[test]
    fn values_stay_where_they_are_as_it_grows() {
        let mut arena = Arena::new();
        arena.push([0u64; 2]);
        let first: *const [u64; 2] = arena.get(0);
        for n in 1..CHUNK_SLOTS as u64 + 10 {
            assert_eq!(arena.push([n, !n]), n as u32);
        }
        assert_eq!(first, std::ptr::from_ref(arena.get(0)));
        assert_eq!(first.addr() % HUGE_PAGE, 0);
        for n in 0..CHUNK_SLOTS as u64 + 10 {
            assert_eq!(arena.get(n as u32)[0], n);
        }
        arena.get_mut(7)[1] = 1;
        assert_eq!(arena.run(7, 9), [[7, 1], [8, !8]]);
        assert_eq!(arena.run(CHUNK_SLOTS, CHUNK_SLOTS + 10).len(), 10);
        assert!(arena.run(3, 3).is_empty());
    }

    #[test]
    fn truncated_slots_are_filled_anew() {
        let mut arena = Arena::new();
        for n in 0..5u64 {
            arena.push(n);
        }
        arena.truncate(2);
        assert_eq!((arena.len(), arena.push(9)), (2, 2));
        assert_eq!(arena.run(0, 3), [0, 1, 9]);
    }

    #[test]
    #[should_panic(expected = "the slot is filled")]
    fn an_empty_slot_is_refused() {
        let mut arena = Arena::new();
        arena.push(1u8);
        arena.truncate(0);
        arena.get(0);
    }

    #[test]
    #[should_panic(expected = "a run lies in one chunk")]
    fn a_run_over_two_chunks_is_refused() {
        let mut arena = Arena::new();
        for _ in 0..=CHUNK_SLOTS {
            arena.push(1u8);
        }
        arena.run(CHUNK_SLOTS - 1, CHUNK_SLOTS + 1);
    }
}
