fn main() -> std::process::ExitCode {
    admin_api::serve()
}
