fn main() -> std::process::ExitCode {
    shared::run::serve::<availability_check::AvailabilityCheck>()
}
