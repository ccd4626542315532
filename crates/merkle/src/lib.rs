//! Merkle
pub mod hash;
mod lanes;
pub use hash::*;
/// Salt
#[derive(Clone,Copy)]
pub struct Salt([u8;16]);
impl Salt {
    /// bytes
    pub fn as_bytes(&self)->&[u8;16]{&self.0}
}
