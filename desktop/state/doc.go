// Package state holds what the desktop app's screens show: a Model that is fed by the
// manager's pushes, the nodes, the payouts, the delivered frames' thumbnails and this
// machine's worker, and that publishes an immutable Snapshot at most twice a second.
//
// It is not the place for drawing (desktop/page, desktop/widget) or for talking to the
// manager (shared/client, behind Source); it imports no Fyne, so it is tested without a
// display and the commands share its words.
//
// Receives: job updates, nodes and payouts from shared/client, status from the worker engine.
// Hands on: snapshots to desktop/page and desktop/tray.
package state
