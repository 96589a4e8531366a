//! MQTT, HTTP and WebSocket: protocols that the module speaks by itself, without threads and clocks.

pub(crate) mod channel;
pub(crate) mod http;
mod http_response;
pub(crate) mod mqtt;
pub(crate) mod mqtt_session;
pub(crate) mod web_socket;

use crate::engine::{Job, OUTPUT_LIMIT, Running};
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;
use std::collections::VecDeque;

/// Messages that are kept while the line is used by passthrough.
const HELD: usize = 64;

/// A command of a service that waits for the network.
#[derive(Debug)]
pub(crate) enum Waiting {
    Mqtt(mqtt::Pending),
    Http(Box<http::Exchange>),
    WebSocket(web_socket::Pending),
}

#[derive(Debug, Default)]
pub(crate) struct Services {
    pub(crate) mqtt: mqtt::Mqtt,
    pub(crate) http: http::Http,
    pub(crate) web_sockets: web_socket::WebSockets,
    /// Messages that could not be printed in passthrough: place, bytes, where their payload begins.
    held: VecDeque<(Point, Vec<u8>, usize)>,
}

impl Services {
    pub(crate) fn next_wake(&self, now: Duration) -> Option<Duration> {
        [self.mqtt.next_wake(now), self.web_sockets.next_wake(now)].into_iter().flatten().min()
    }
}

impl Simulator {
    /// A restart: all connections of the services are gone, and what they were told.
    pub(crate) fn stop_services(&mut self) {
        if let Some(Running { job: Job::Service(Waiting::Http(mut exchange)), .. }) =
            self.running.take_if(|running| matches!(running.job, Job::Service(Waiting::Http(_))))
        {
            self.drop_exchange(&mut exchange);
        }
        self.drop_mqtt();
        self.drop_web_sockets();
        self.services = Services::default();
    }

    /// Whether a service may take more from the network.
    pub(crate) fn has_room_for_messages(&self) -> bool {
        self.waiting_output() < OUTPUT_LIMIT && self.services.held.len() < HELD
    }

    /// Something that a service says by itself. Passthrough has to end first.
    pub(crate) fn say_message(&mut self, point: Point, bytes: Vec<u8>, payload: usize) {
        if self.mode.passes_through() {
            self.services.held.push_back((point, bytes, payload));
        } else {
            self.emit_from(&point, &bytes, payload);
        }
    }

    pub(crate) fn say_service_state(&mut self, line: &str) {
        self.say_message(Point::ServiceState, format!("{line}\r\n").into_bytes(), 0);
    }

    /// Lets the services go on; `true` if something moved.
    pub(crate) fn pump_services(&mut self) -> bool {
        let mut moved = false;
        if !self.mode.passes_through() {
            while let Some((point, bytes, payload)) = self.services.held.pop_front() {
                self.emit_from(&point, &bytes, payload);
                moved = true;
            }
        }
        moved |= self.pump_mqtt();
        moved |= self.pump_web_sockets();
        moved
    }

    /// Lets the running command of a service go on. Those of MQTT and WebSocket go on with their connections.
    pub(crate) fn pump_service_job(&mut self) -> bool {
        let http = |running: &mut Running| matches!(running.job, Job::Service(Waiting::Http(_)));
        match self.running.take_if(http) {
            Some(Running { job: Job::Service(Waiting::Http(exchange)), .. }) => self.pump_http(exchange),
            _ => false,
        }
    }

    /// The time of the running command is over.
    pub(crate) fn on_service_timeout(&mut self, waiting: Waiting) {
        match waiting {
            Waiting::Mqtt(pending) => self.fail_mqtt(&pending),
            Waiting::Http(exchange) => self.on_http_timeout(exchange),
            Waiting::WebSocket(pending) => self.on_web_socket_timeout(&pending),
        }
    }

    /// The MQTT command that runs.
    pub(crate) fn mqtt_pending(&self) -> Option<&mqtt::Pending> {
        match self.running_job() {
            Some(Job::Service(Waiting::Mqtt(pending))) => Some(pending),
            _ => None,
        }
    }
}
