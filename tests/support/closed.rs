//! A port on which nobody listens.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "tests")]

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// A loopback address that refuses every connection for as long as this value lives. A socket that
/// does not listen holds the port, so that nobody else gets it.
pub struct Closed {
    _socket: TcpSocket,
    address: SocketAddr,
}

impl Closed {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        Closed {
            _socket: socket,
            address,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
