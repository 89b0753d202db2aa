fn main() -> std::process::ExitCode {
    shared::run::serve::<timeline_report::TimelineReport>()
}
