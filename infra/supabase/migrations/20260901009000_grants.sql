-- At the end, after everything that was made: only service_role may touch anything.

select internal.protect_sequences();
select internal.protect_functions();
