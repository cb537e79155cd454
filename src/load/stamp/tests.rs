use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// A stamped socket, its stamps, and the peer.
async fn pair() -> (Stamped, Rc<Stamps>, std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let far = listener.accept().unwrap().0;
    far.set_nodelay(true).unwrap();
    let stamps = Rc::new(Stamps::default());
    (Stamped::new(near, Rc::clone(&stamps)), stamps, far)
}

#[tokio::test]
async fn only_the_first_write_after_arming_is_stamped() {
    let (mut socket, stamps, _far) = pair().await;
    socket.write_all(b"a").await.unwrap();
    assert_eq!(stamps.sent(), None);
    stamps.arm();
    socket.write_all(b"b").await.unwrap();
    let first = stamps.sent();
    assert!(first.is_some());
    socket.write_all(b"c").await.unwrap();
    assert_eq!(stamps.sent(), first);
}

#[tokio::test]
async fn a_read_is_stamped_and_arming_forgets_it() {
    let (mut socket, stamps, mut far) = pair().await;
    let before = Instant::now();
    for round in 0..10 {
        far.write_all(b"a").unwrap();
        socket.read_u8().await.unwrap();
        assert!(stamps.read().unwrap() >= before, "{round}");
        stamps.arm();
        assert_eq!(stamps.read(), None);
    }
}

#[tokio::test]
async fn what_is_read_is_what_was_written_whichever_reads_are_looked_at() {
    let (mut socket, _stamps, mut far) = pair().await;
    let text: Vec<u8> = (0..200_000_u32).map(|index| (index % 251) as u8).collect();
    let expected = text.clone();
    let writer = std::thread::spawn(move || {
        far.write_all(&text).unwrap();
        far.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).unwrap();
        rest
    });
    let mut found = Vec::new();
    socket.read_to_end(&mut found).await.unwrap();
    assert_eq!(found.len(), expected.len());
    assert!(found == expected);
    socket.write_all(b"thanks").await.unwrap();
    drop(socket);
    assert_eq!(writer.join().unwrap(), b"thanks");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_loop_that_was_busy_while_bytes_lay_in_the_system_shows_as_lag() {
    let (mut socket, stamps, mut far) = pair().await;
    let busy = Duration::from_millis(3);
    let (mut lags, mut latest) = (Vec::new(), Vec::new());
    // The system begins to stamp soon after it was asked, not at once, so the first reads may have no stamp.
    while lags.len() < 3 {
        stamps.arm();
        far.write_all(b"a").unwrap();
        // The bytes are in the system before the write returns, over loopback, and the loop does something else.
        let written = Instant::now();
        while written.elapsed() < busy {
            std::hint::spin_loop();
        }
        socket.read_u8().await.unwrap();
        stamps.take_lags(&mut latest);
        assert!(latest.len() <= 1);
        lags.append(&mut latest);
    }
    assert!(lags.iter().all(|lag| *lag >= Micros(3_000)), "{lags:?}");
}
