// How Node runs the server. Understood by Node 18.

/**
 * A young generation of 8 MiB a half instead of 16: what the start leaves behind is let go of, and an idle process holds a fifth
 * less. Worker processes inherit it (docs/adr/0052).
 */
export const SERVER_FLAGS = ['--max-semi-space-size=8'];
