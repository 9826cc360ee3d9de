//! TCP connections that can be reset under a request.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// Accepts connections that a handler can reset.
pub(crate) struct FaultyListener(pub(crate) TcpListener);

/// A socket that fails from the moment its reset is asked for.
pub(crate) struct FaultySocket {
    stream: TcpStream,
    reset: ResetSwitch,
}

/// Resets the connection it belongs to.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResetSwitch(Arc<AtomicBool>);

impl ResetSwitch {
    /// The next write fails, whereupon the server drops the socket and the caller sees a reset.
    pub(crate) fn reset(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Listener for FaultyListener {
    type Io = FaultySocket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (FaultySocket, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Small answers would otherwise wait for the caller's delayed acknowledgement. A socket that refuses the
        // option is already broken, which the first read reports.
        let _ = stream.set_nodelay(true);
        (FaultySocket { stream, reset: ResetSwitch::default() }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, FaultyListener>> for ResetSwitch {
    fn connect_info(stream: IncomingStream<'_, FaultyListener>) -> Self {
        stream.io().reset.clone()
    }
}

impl FaultySocket {
    /// A zero linger time turns the closing of the socket into a reset.
    fn check(&self) -> io::Result<()> {
        if self.reset.0.load(Ordering::Acquire) {
            self.stream.set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for FaultySocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for FaultySocket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
