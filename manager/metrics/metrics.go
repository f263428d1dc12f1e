// Package metrics counts what a manager does, for Prometheus and for `heliostat-manager top`.
// METRICS.md lists the names; a test keeps the two together.
//
// It is not the place for what people read about one job (manager/notify) or for who changed what
// (the trail, in manager/store).
//
// Receives: transactions by wrapping manager/store, handled messages from manager/gateway.
// Hands on: figures to whoever asks /metrics.
package metrics

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Metrics is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	clock    func() time.Time
	waits    *waits

	transitions, failures, requests, removed *prometheus.CounterVec
	dispatch, update                         prometheus.Histogram
	request                                  *prometheus.HistogramVec
	offers, declined, storeErrors, damaged   prometheus.Counter
	blobBytes, blobObjects                   *prometheus.GaugeVec

	// What every task cycle counts many times is found without its labels being made anew.
	messages memo[message, outcome]
	moves    memo[[2]string, prometheus.Counter] // by noun and state
}

// message is a kind of message that was handled.
type message struct {
	typ  wire.Type
	code string
}

// outcome is where its handling is counted.
type outcome struct {
	count prometheus.Counter
	took  prometheus.Observer
}

// memo makes a value for each key once.
type memo[K comparable, V any] struct {
	made func(K) V

	mu sync.RWMutex // guards of
	of map[K]V
}

func (m *memo[K, V]) get(k K) V {
	m.mu.RLock()
	v, ok := m.of[k]
	m.mu.RUnlock()
	if ok {
		return v
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of = make(map[K]V)
	}
	m.of[k] = m.made(k)
	return m.of[k]
}

// New makes the counters. clock is the manager's.
func New(clock func() time.Time) *Metrics {
	counter := func(name, help string) prometheus.CounterOpts { return prometheus.CounterOpts{Name: name, Help: help} }
	gauge := func(name, help string) prometheus.GaugeOpts { return prometheus.GaugeOpts{Name: name, Help: help} }
	seconds := func(name, help string, buckets []float64) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}
	}
	fine := prometheus.ExponentialBuckets(0.0001, 2.5, 14) // 0.1 ms to 15 s
	coarse := prometheus.ExponentialBuckets(0.001, 3, 15)  // 1 ms to 80 min
	m := &Metrics{
		registry: prometheus.NewRegistry(), clock: clock, waits: &waits{since: make(map[string]time.Time)},
		transitions: prometheus.NewCounterVec(counter("heliostat_transitions_total", "Durable changes of state."), []string{"noun", "state"}),
		failures:    prometheus.NewCounterVec(counter("heliostat_failures_total", "Attempts without a payable result."), []string{"kind"}),
		offers:      prometheus.NewCounter(counter("heliostat_offers_total", "Offers of tasks to workers.")),
		declined:    prometheus.NewCounter(counter("heliostat_offers_declined_total", "Offers that came back.")),
		requests:    prometheus.NewCounterVec(counter("heliostat_requests_total", "Messages handled."), []string{"type", "code"}),
		removed:     prometheus.NewCounterVec(counter("heliostat_blob_removed_bytes_total", "Bytes that sweeps removed."), []string{"kind"}),
		dispatch:    prometheus.NewHistogram(seconds("heliostat_dispatch_seconds", "From waiting to held.", coarse)),
		update:      prometheus.NewHistogram(seconds("heliostat_store_update_seconds", "Transactions that change something.", fine)),
		request:     prometheus.NewHistogramVec(seconds("heliostat_request_seconds", "Handling of messages.", fine), []string{"type"}),
		storeErrors: prometheus.NewCounter(counter("heliostat_store_errors_total", "Transactions that failed.")),
		damaged:     prometheus.NewCounter(counter("heliostat_blob_damaged_total", "Damaged objects found.")),
		blobBytes:   prometheus.NewGaugeVec(gauge("heliostat_blob_bytes", "Stored bytes at the last sweep."+ofNetwork), []string{"kind"}),
		blobObjects: prometheus.NewGaugeVec(gauge("heliostat_blob_objects", "Stored objects at the last sweep."+ofNetwork), []string{"kind"}),
	}
	m.messages.made = func(k message) outcome {
		return outcome{m.requests.WithLabelValues(string(k.typ), k.code), m.request.WithLabelValues(string(k.typ))}
	}
	m.moves.made = func(k [2]string) prometheus.Counter { return m.transitions.WithLabelValues(k[0], k[1]) }
	m.registry.MustRegister(m.transitions, m.failures, m.offers, m.declined, m.requests, m.removed, m.dispatch, m.update, m.request, m.storeErrors, m.damaged, m.blobBytes, m.blobObjects,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the figures.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Handled counts a message that was handled; it is gateway.Options.Handled.
func (m *Metrics) Handled(typ wire.Type, took time.Duration, err error) {
	o := m.messages.get(message{typ, codeOf(err)})
	o.count.Inc()
	o.took.Observe(took.Seconds())
}

// codeOf is what METRICS.md calls how a message was handled.
func codeOf(err error) string {
	if err == nil {
		return "ok"
	}
	var refused *wire.Error
	switch {
	case errors.As(err, &refused):
		return string(refused.Code)
	case errors.Is(err, store.ErrNotFound):
		return string(wire.CodeNotFound)
	case errors.Is(err, store.ErrLost):
		return string(wire.CodeConflict)
	}
	return string(wire.CodeUnavailable)
}

// Swept notes what a sweep of the object store left and took.
func (m *Metrics) Swept(kind string, objects int, bytes, removed int64) {
	m.blobObjects.WithLabelValues(kind).Set(float64(objects))
	m.blobBytes.WithLabelValues(kind).Set(float64(bytes))
	m.removed.WithLabelValues(kind).Add(float64(removed))
}

// Damaged notes an object that a scrub found damaged.
func (m *Metrics) Damaged() { m.damaged.Inc() }

// failed counts an attempt's end; a declined offer never was an attempt.
func (m *Metrics) failed(kind job.FailureKind, declined bool) {
	if declined {
		m.declined.Inc()
		return
	}
	m.failures.WithLabelValues(string(kind)).Inc()
}
