/* Heliostat's library for host applications: the manual.
 *
 * A host opens a connection, starts submissions on it and polls them. Nothing here blocks
 * on the network or on a scene's files: calls return at once and work goes on in the
 * library's own threads. Calls may come from any thread.
 *
 *     heliostat_handle farm = heliostat_open("{\"manager\": \"http://127.0.0.1:7777\"}");
 *     if (!farm) { char *why = heliostat_last_error(); ...; heliostat_free(why); }
 *     heliostat_handle sub = heliostat_start(farm, scene_json);
 *     for (;;) { char *now = heliostat_poll(sub); ...; heliostat_free(now); }
 *     heliostat_close(farm);
 *
 * Handles are numbers above 0, never reused; 0 means failure. An unknown or closed handle
 * is an error, not a crash.
 *
 * Texts go in and out as UTF-8 with a terminating zero. Those that come out belong to the
 * caller, who gives each to heliostat_free exactly once. Those that go in are copied.
 *
 * Functions that return int give 1 for done and 0 for an error; functions that return a
 * text or a handle give NULL or 0. heliostat_last_error then says why.
 */
#ifndef HELIOSTAT_H
#define HELIOSTAT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int64_t heliostat_handle;

/* The library's version and this interface's: {"version": "0.1.0", "abi": 1}.
 * The abi number changes when a function here changes or goes. */
char *heliostat_version(void);

/* Opens the artist's identity and begins to connect to a manager. Options, all optional:
 *     manager    "http://127.0.0.1:7777"
 *     dataDir    folder of the identity, the submissions and the cache; else the user's data folder
 *     identity   folder of the identity file, where it is not dataDir
 *     cacheDir   folder of the scan cache, where it is not "cache" in dataDir
 *     passphrase of the identity file
 *     software   the host's name, "heliostat-blender 0.1.0"
 *     upload     bytes per second that uploads may use
 *     connectSeconds  how long one try to connect may take, 10 by default
 *     log        file that receives the library's log
 * Whether the manager answers shows in heliostat_status. */
heliostat_handle heliostat_open(const char *options_json);

/* The connection now:
 *     {"manager", "address", "connected", "settlement", "symbol",
 *      "renderers": [{"renderer", "version", "engines", "denoisers", "workers"}],
 *      "error": {"message", "next"}} */
char *heliostat_status(heliostat_handle connection);

/* Begins a submission of a scene folder description (plugins/submit/SCENE.md). With
 * "checkOnly": true it stops after preflight. What is wrong with the scene shows in
 * heliostat_poll. */
heliostat_handle heliostat_start(heliostat_handle connection, const char *scene_json);

/* Continues a submission that an earlier run of the host began. The key is the "key" of
 * its status, or its job's id. */
heliostat_handle heliostat_resume(heliostat_handle connection, const char *key);

/* The submissions on this machine, newest first:
 *     {"submissions": [{"key", "name", "job", "phase", "started", "frames"}]} */
char *heliostat_list(heliostat_handle connection);

/* The submission now:
 *     {"key", "name", "phase", "fraction", "eta", "text", "why",
 *      "findings": [{"level", "code", "text", "fix", "file", "user"}],
 *      "upload": {"step", "files", "bytes", "done", "uploaded"},
 *      "quote": {"workUnits", "seconds", "price", "ceiling", "basis", ...}, "balance", "symbol",
 *      "job": {"id", "state", ...}, "here",
 *      "frames": [{"frame", "state", "progress", "worker", "path", "aside", "rejects", "cause"}],
 *      "lastFrame", "lastFrameNumber", "events": [{"time", "what", "text", "node"}],
 *      "error": {"message", "next"}}
 * Phases: preflight, pack, quote, confirm, fund, render, delivered, accepted, settled;
 * checked, rejected, cancelled, failed. Amounts are in millionths of a token, eta in
 * seconds, fraction from 0 to 1 within the phase. "why" says in
 * phase render why nothing renders now. */
char *heliostat_poll(heliostat_handle submission);

/* The answer to a quote, in phase confirm. Rejecting ends the submission unpaid. */
int heliostat_accept_quote(heliostat_handle submission);
int heliostat_reject(heliostat_handle submission);

/* Stops the submission and its job: verified frames are paid, the rest is refunded.
 * The phase becomes cancelled once the manager has agreed. */
int heliostat_cancel(heliostat_handle submission, const char *reason);

/* Agrees to the delivery, in phase delivered, so that the job is settled at once. */
int heliostat_accept_frames(heliostat_handle submission);

/* Forgets a submission's handle. Its work goes on until the connection is closed. */
int heliostat_release(heliostat_handle submission);

/* Closes a connection and the handles of its submissions. Waits until the library's
 * threads for it have stopped, which takes a moment at most. Jobs go on without it. */
int heliostat_close(heliostat_handle connection);

/* Why the last call of this thread failed, "" after one that didn't. */
char *heliostat_last_error(void);

/* What is alive, for leak tests:
 *     {"connections", "submissions", "texts", "goroutines"} */
char *heliostat_counts(void);

/* Gives a text back. NULL is allowed. */
void heliostat_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
