// `logwisp tail URL|HOST:PORT`: a reader of one stream, for people on a terminal and for pipes. A
// client process of its own: one thread, blocking on poll(2), no reactor.
//
// It comes back after every lost connection (exponential back-off with jitter, never sooner than
// the server's `retry:` asked) and resumes right after the last event it printed. What it prints is
// hostile text: see tail_client_render.hpp. Entries go to standard output, everything else (lost
// connections, gaps, the server's farewell) to standard error.
//
// Ends with 0 when standard output is closed or, with --no-reconnect, when the stream ends; 1 when
// the server answers an error or cannot be reached; 2 for bad usage; by the signal itself on SIGINT
// and SIGTERM (a shell shows 130 and 143).
#pragma once

namespace logwisp {

// argv[0] is what the user called, for messages ("logwisp tail"); the rest are its options.
int tail_main(int argc, char** argv);

}  // namespace logwisp
