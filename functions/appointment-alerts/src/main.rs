fn main() -> std::process::ExitCode {
    shared::run::serve::<appointment_alerts::AppointmentAlerts>()
}
