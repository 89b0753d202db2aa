fn main() -> std::process::ExitCode {
    shared::run::serve::<maintenance_alerts::MaintenanceAlerts>()
}
