//! Work that nobody waits for gives way to work that somebody does.

use rustix::process::setpriority_process;

/// How nice a background thread is, of 19: about a tenth of a processor's share when all are busy.
const NICE: i32 = 10;

/// Lets the calling thread give way to others. A wish: where the system does not grant it, answers
/// are less even under full load.
pub fn give_way() {
    // Linux takes the id of a thread where a process is asked for, and means the thread.
    let _ = setpriority_process(Some(rustix::thread::gettid()), NICE);
}
