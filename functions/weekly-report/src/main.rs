fn main() -> std::process::ExitCode {
    shared::run::serve::<weekly_report::WeeklyReport>()
}
