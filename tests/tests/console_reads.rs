//! What the console reads and writes through the database, in the documented shapes.
