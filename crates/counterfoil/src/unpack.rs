//! Files of public data sets, plain or as gzip.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// Bytes of one file at most, unpacked.
const FILE_BYTES: u64 = 1 << 30;

/// The bytes of a file, unpacked where its name ends in `.gz`.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        let unpacked = MultiGzDecoder::new(file);
        unpacked.take(FILE_BYTES).read_to_end(&mut bytes)
    } else {
        file.take(FILE_BYTES).read_to_end(&mut bytes)
    }
    .map_err(failed)?;
    if bytes.len() as u64 == FILE_BYTES {
        return Err(format!("{}: more than 1 GiB", path.display()));
    }
    Ok(bytes)
}
