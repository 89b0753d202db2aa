fn main() -> std::process::ExitCode {
    shared::run::serve::<anomaly_detection::AnomalyDetection>()
}
