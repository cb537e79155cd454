//! The wire: server-sent events and the chat-completions dialects; bytes in, events out, no I/O.
