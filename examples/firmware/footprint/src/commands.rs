//! Commands that a sensor node sends, typed, each with its answer used.

use core::hint::black_box;

use wifi_at::command::{basic, tcpip, wifi};
use wifi_at::{Control, EspAt};

macro_rules! send {
    ($control:ident: $($command:expr),+ $(,)?) => {
        $(black_box($control.send(&$command).await.is_ok());)+
    };
}

macro_rules! send_one {
    ($control:ident) => {
        send!($control: wifi::LeaveAccessPoint)
    };
}

macro_rules! send_nine_without_answer {
    ($control:ident) => {
        send!($control:
            wifi::SetReconnection { interval_s: 1, attempts: 0 },
            wifi::SetAutoConnect { enabled: false },
            wifi::SetHostName { name: black_box("sensor") },
            basic::SetSleepMode { mode: basic::SleepMode::Modem },
            basic::SetStoreMode { stored: black_box(false) },
            basic::SetMessages { messages: basic::Messages::LINK_DETAILS },
            tcpip::SetSntpInterval { seconds: 3600 },
            tcpip::SetServerTimeout { seconds: 60 },
            basic::RestoreFactorySettings,
        )
    };
}

macro_rules! send_ten_with_answer {
    ($control:ident) => {
        send!($control:
            wifi::QueryReconnection,
            wifi::QueryWifiMode,
            wifi::QueryAccessPoint,
            wifi::QueryStationState,
            wifi::QueryHostName,
            tcpip::QueryLinks,
            tcpip::QueryTime,
            basic::QueryFreeMemory,
            basic::QueryStoreMode,
            basic::QuerySleepMode,
        )
    };
}

/// One without an answer.
#[embassy_executor::task]
pub async fn one_command(control: Control<'static, EspAt>) {
    send_one!(control);
}

/// Nine more without an answer.
#[embassy_executor::task]
pub async fn ten_commands(control: Control<'static, EspAt>) {
    send_one!(control);
    send_nine_without_answer!(control);
}

/// Ten more, with typed answers.
#[embassy_executor::task]
pub async fn twenty_commands(control: Control<'static, EspAt>) {
    send_one!(control);
    send_nine_without_answer!(control);
    send_ten_with_answer!(control);
}
