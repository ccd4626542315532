//! What the host of the module calls. Pointers are offsets into the module's memory, lengths bytes.
//!
//! The host asks [`alloc`] for room and writes the texts there, calls [`verify`], reads the answer
//! and gives each piece back to [`free`] with the length it had. Any call may grow the memory,
//! which detaches views that the host has of it. After a trap the module is to be thrown away.
//!
//! This module alone in the crate has `unsafe` code, for two reasons: it reads what the host wrote
//! through raw pointers, and its functions are exported under plain names. It is compiled for
//! `wasm32` only: elsewhere a library that exports `free` would replace that of C.
#![allow(unsafe_code)]

use std::alloc::{self, Layout};
use std::ptr::{self, NonNull};
use std::slice;

/// Room for that many bytes, all of them 0; null where there is none. No bytes have an address too,
/// so that what is empty differs from what is not given.
#[unsafe(no_mangle)]
pub extern "C" fn alloc(len: usize) -> *mut u8 {
    match Layout::array::<u8>(len) {
        Err(_) => ptr::null_mut(),
        Ok(_) if len == 0 => NonNull::dangling().as_ptr(),
        // SAFETY: the layout is not of size 0.
        Ok(layout) => unsafe { alloc::alloc_zeroed(layout) },
    }
}

/// Gives back what [`alloc`] or [`verify`] gave.
///
/// # Safety
///
/// The pointer came from one of them with this length and was not given back before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(pointer: *mut u8, len: usize) {
    if !pointer.is_null() && len > 0 {
        // SAFETY: the caller says that this is such a piece, and those are boxed slices of bytes
        // by their layout.
        drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(pointer, len)) });
    }
}

/// The answer of [`crate::verify`] in UTF-8: its address in the upper 32 bits, its length in the
/// lower. There is no statement where its pointer is null.
///
/// # Safety
///
/// Each pointer that is not null has that many bytes behind it which nothing changes meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn verify(
    file: *const u8,
    file_len: usize,
    statement: *const u8,
    statement_len: usize,
    policy: *const u8,
    policy_len: usize,
) -> u64 {
    // SAFETY: the caller says so of each of the three.
    let (file, statement, policy) = unsafe {
        (
            bytes(file, file_len),
            bytes(statement, statement_len),
            bytes(policy, policy_len),
        )
    };
    let file = file.unwrap_or_default();
    let answer = crate::verify(file, statement, policy.unwrap_or_default()).into_bytes();
    let answer = Box::leak(answer.into_boxed_slice());
    (answer.as_ptr().addr() as u64) << 32 | answer.len() as u64
}

/// The bytes at a pointer, if it is not null.
///
/// # Safety
///
/// As of [`verify`]; the slice is not used after its call ends.
unsafe fn bytes<'a>(pointer: *const u8, len: usize) -> Option<&'a [u8]> {
    // SAFETY: the caller says that there are `len` bytes, and nothing changes them.
    (!pointer.is_null()).then(|| unsafe { slice::from_raw_parts(pointer, len) })
}
