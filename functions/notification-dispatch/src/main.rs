fn main() -> std::process::ExitCode {
    shared::run::serve::<notification_dispatch::NotificationDispatch>()
}
