fn main() -> std::process::ExitCode {
    shared::run::serve::<humidity_alerts::HumidityAlerts>()
}
