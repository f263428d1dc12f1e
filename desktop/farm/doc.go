// Package farm runs a manager, workers and a verifier on this machine as child processes,
// for a studio that wants to try: it starts them in order, waits until each is ready,
// starts one again that dies, and stops them all.
//
// It is not the aggregator of outside farms (manager/farm), and it renders nothing itself.
package farm
