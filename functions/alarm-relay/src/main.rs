fn main() -> std::process::ExitCode {
    alarm_relay::serve()
}
