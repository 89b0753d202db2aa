fn main() -> std::process::ExitCode {
    shared::run::serve::<backup::Backup>()
}
