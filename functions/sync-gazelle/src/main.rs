fn main() -> std::process::ExitCode {
    shared::run::serve::<sync_gazelle::SyncGazelle>()
}
