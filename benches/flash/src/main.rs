//! The smallest firmware that can use the driver, for measuring. It is never run.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::hint::black_box;
use core::ptr::{read_volatile, write_volatile};

use embedded_io_async::{ErrorType, Read, Write};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

struct NoInterrupts;
critical_section::set_impl!(NoInterrupts);

unsafe impl critical_section::Impl for NoInterrupts {
    unsafe fn acquire() -> bool {
        false
    }

    unsafe fn release(_: bool) {}
}

struct Clock;
embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock);

impl embassy_time_driver::Driver for Clock {
    fn now(&self) -> u64 {
        unsafe { read_volatile(0x4000_0000 as *const u32) }.into()
    }

    fn schedule_wake(&self, _: u64, _: &core::task::Waker) {}
}

struct Port;

impl ErrorType for Port {
    type Error = Infallible;
}

impl Read for Port {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        buffer[0] = unsafe { read_volatile(0x4000_0004 as *const u8) };
        Ok(1)
    }
}

impl Write for Port {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        for byte in bytes {
            unsafe { write_volatile(0x4000_0008 as *mut u8, *byte) };
        }
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    embassy_futures::block_on(async {
        #[cfg(not(feature = "driver"))]
        {
            let mut buffer = [0; 4];
            loop {
                let _ = Port.read(&mut buffer).await;
                let _ = Port.write(black_box(&buffer)).await;
                embassy_time::Timer::after_millis(1).await;
            }
        }
        #[cfg(feature = "driver")]
        driver().await
    })
}

#[cfg(feature = "driver")]
async fn driver() -> ! {
    use wifi_at::serial::Split;
    use wifi_at::{Config, Control, EspAt, Pins, Resources};

    static RESOURCES: static_cell::ConstStaticCell<Resources<1, 512, 256>> =
        static_cell::ConstStaticCell::new(Resources::new());
    let resources = RESOURCES.take();
    let mut parts = wifi_at::new::<EspAt, _, _, _>(Split::new(Port, Port), Pins::none(), resources, Config::default());

    async fn user(control: Control<'_, EspAt>, stack: wifi_at::Stack<'_>) {
        use wifi_at::net::tcp::TcpSocket;
        use wifi_at::wifi::JoinOptions;

        let _ = control.wifi().join(black_box("ssid"), JoinOptions::new(black_box("passphrase"))).await;
        if let Ok(mut socket) = TcpSocket::connect(stack, ([10, 0, 0, 1], 80).into()).await {
            let mut buffer = [0; 64];
            let _ = socket.write(b"hello").await;
            let _ = socket.read(&mut buffer).await;
            black_box(&buffer);
        }
        #[cfg(feature = "udp-dns")]
        {
            use wifi_at::net::AddressKind;
            use wifi_at::net::udp::UdpSocket;

            let address = stack.resolve(black_box("example.com"), AddressKind::PreferIpv4).await;
            if let Ok(address) = address
                && let Ok(socket) = UdpSocket::bind(stack, 0).await
            {
                let mut buffer = [0; 64];
                let _ = socket.send_to(b"hello", (address, 123).into()).await;
                black_box(socket.recv_from(&mut buffer).await.is_ok());
                black_box(&buffer);
            }
        }
        #[cfg(feature = "server")]
        {
            use wifi_at::net::listener::TcpListener;

            if let Ok(listener) = TcpListener::bind(stack, 80).await
                && let Ok((mut socket, peer)) = listener.accept().await
            {
                black_box(peer);
                let _ = socket.write(b"hello").await;
            }
        }
        commands(control).await;
    }

    /// Sends commands that are typical of a sensor node, each with its answer used.
    async fn commands(control: Control<'_, EspAt>) {
        let _ = control;
        macro_rules! send {
            ($($feature:literal: $($command:expr),+;)+) => {$(
                #[cfg(feature = $feature)]
                {
                    $(black_box(control.send(&$command).await.is_ok());)+
                }
            )+};
        }
        #[allow(unused_imports)]
        use wifi_at::command::{basic, tcpip, wifi};
        send! {
            "commands-1": wifi::LeaveAccessPoint;
            "commands-10":
                wifi::SetReconnection { interval_s: 1, attempts: 0 },
                wifi::SetAutoConnect { enabled: false },
                wifi::SetHostName { name: black_box("sensor") },
                basic::SetSleepMode { mode: basic::SleepMode::Modem },
                basic::SetStoreMode { stored: black_box(false) },
                basic::SetMessages { messages: basic::Messages::LINK_DETAILS },
                tcpip::SetSntpInterval { seconds: 3600 },
                tcpip::SetServerTimeout { seconds: 60 },
                basic::RestoreFactorySettings;
            "commands-20":
                wifi::QueryReconnection,
                wifi::QueryWifiMode,
                wifi::QueryAccessPoint,
                wifi::QueryStationState,
                wifi::QueryHostName,
                tcpip::QueryLinks,
                tcpip::QueryTime,
                basic::QueryFreeMemory,
                basic::QueryStoreMode,
                basic::QuerySleepMode;
        }
    }

    let user = user(parts.control, parts.stack);
    let _ = embassy_futures::join::join(parts.runner.run(), user).await;
    loop {}
}
