fn main() -> std::process::ExitCode {
    shared::run::serve::<cleanup::Cleanup>()
}
