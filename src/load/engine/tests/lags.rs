//! How late reads are stamped, as the system tells.

use std::io::{IoSliceMut, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{MsgFlags, recvmsg, setsockopt};

use super::upstream::{Upstream, answer, carry_out, job};

/// Waits until the system stamps what comes in, and keeps it at that while the sockets are there.
///
/// It begins some time after the first socket has asked.
fn stamping() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let far = listener.accept().unwrap().0;
    setsockopt(&far, ReceiveTimestampns, &true).unwrap();
    loop {
        near.write_all(b"a").unwrap();
        let (mut byte, mut control) = ([0], nix::cmsg_space!(nix::sys::time::TimeSpec));
        let mut into = [IoSliceMut::new(&mut byte)];
        let message = recvmsg::<()>(far.as_raw_fd(), &mut into, Some(&mut control), MsgFlags::empty()).unwrap();
        if message.cmsgs().unwrap().next().is_some() {
            return (near, far);
        }
    }
}

#[test]
fn about_every_eighth_read_of_the_measured_requests_tells_its_lag() {
    let _sockets = stamping();
    let upstream = Upstream::saying(answer());
    let mut job = job(vec![upstream.cell(1, 8), upstream.cell(1, 80)]);
    job.lanes[0].warmup = 80;
    let (samples, found) = carry_out(job, |_| ()).unwrap();
    assert!(samples.iter().all(|sample| sample.outcome.is_ok()));
    let of = |cell| found.read_lags.iter().filter(|(other, _)| *other == cell).count();
    // A reply may come in several reads, and then more of them are looked at.
    assert!(of(1) >= 10, "{} lags", of(1));
    // Warm-up took ten times as many reads or more, and is left out.
    assert!(of(0) >= 1 && of(0) < of(1), "{} lags", of(0));
}
