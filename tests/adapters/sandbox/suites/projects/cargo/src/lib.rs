//! Echoes one line to whoever connects.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

/// Serve one connection, with what it says in capitals.
///
/// ```
/// assert_eq!(shelf::loud("a"), "A");
/// ```
pub fn loud(text: &str) -> String {
    text.to_uppercase()
}

pub fn serve_one(listener: &TcpListener) -> std::io::Result<()> {
    let (mut stream, _) = listener.accept()?;
    let mut line = String::new();
    BufReader::new(stream.try_clone()?).read_line(&mut line)?;
    stream.write_all(loud(&line).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpStream;
    use std::thread;

    fn spoken_at(address: &str) -> String {
        let listener = TcpListener::bind(address).unwrap();
        let place = listener.local_addr().unwrap();
        let server = thread::spawn(move || serve_one(&listener).unwrap());
        let mut stream = TcpStream::connect(place).unwrap();
        stream.write_all(b"quiet\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        server.join().unwrap();
        answer
    }

    #[test]
    fn ipv4() {
        assert_eq!(spoken_at("127.0.0.1:0"), "QUIET\n");
    }

    #[test]
    fn ipv6() {
        assert_eq!(spoken_at("[::1]:0"), "QUIET\n");
    }

    #[test]
    fn many_threads() {
        let threads: Vec<_> = (0..64).map(|n| thread::spawn(move || n * 2)).collect();
        let sum: i32 = threads.into_iter().map(|each| each.join().unwrap()).sum();
        assert_eq!(sum, 4032);
    }
}
