package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// stateAge is how old figures from the database may be.
const stateAge = 5 * time.Second

// Sources are where the present state is read.
type Sources struct {
	Store    store.Store // not the counted one
	Fleet    *fleet.Fleet
	Sessions func() map[job.Role]int
	Managers func() int // alive, this one included
	Draining func() bool
}

// Watch adds the gauges of the present state.
func (m *Metrics) Watch(s Sources) {
	m.registry.MustRegister(&state{sources: s, clock: m.clock})
}

// state reads the gauges when they are asked for.
type state struct {
	sources Sources
	clock   func() time.Time

	mu     sync.Mutex // guards what follows
	read   time.Time
	totals store.Totals
	failed error
}

var _ prometheus.Collector = (*state)(nil)

// ofNetwork ends the help of what every manager that shares the database shows.
const ofNetwork = " Of the whole network and the same at each of its managers: take their max, not their sum."

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	jobsGauge     = gauge("heliostat_jobs", "Jobs that aren't final."+ofNetwork, "state")
	tasksGauge    = gauge("heliostat_tasks", "Tasks of open jobs."+ofNetwork, "state")
	leasesGauge   = gauge("heliostat_leases", "Tasks in workers' hands."+ofNetwork)
	auditsGauge   = gauge("heliostat_audits", "Checks that aren't decided."+ofNetwork, "state")
	sessionsGauge = gauge("heliostat_sessions", "Connected nodes and clients.", "role")
	nodesGauge    = gauge("heliostat_nodes", "Workers and verifiers on this manager.", "role", "state")
	commitsTotal  = gauge("heliostat_store_commits_total", "Commits to the disk.")
	updatesTotal  = gauge("heliostat_store_updates_total", "Transactions in those commits.")
	earnedGauge   = gauge("heliostat_money_earned", "Tokens earned."+ofNetwork)
	settledGauge  = gauge("heliostat_money_settled", "Tokens moved to the payouts."+ofNetwork)
	escrowGauge   = gauge("heliostat_money_escrow", "Tokens in escrow."+ofNetwork)
	managersGauge = gauge("heliostat_managers", "Managers alive."+ofNetwork)
	drainingGauge = gauge("heliostat_draining", "Whether nothing is given out any more.")
)

// Describe implements prometheus.Collector.
func (s *state) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{jobsGauge, tasksGauge, leasesGauge, auditsGauge, sessionsGauge, nodesGauge, commitsTotal, updatesTotal, earnedGauge, settledGauge, escrowGauge, managersGauge, drainingGauge} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s *state) Collect(out chan<- prometheus.Metric) {
	set := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for role, n := range s.sources.Sessions() {
		set(sessionsGauge, float64(n), string(role))
	}
	for _, role := range []job.Role{job.RoleWorker, job.RoleVerifier} {
		count := map[job.NodeState]int{job.NodeIdle: 0, job.NodeBusy: 0, job.NodePaused: 0}
		for _, m := range s.sources.Fleet.Members(role) {
			switch {
			case m.Held > 0:
				count[job.NodeBusy]++
			case m.Paused != "":
				count[job.NodePaused]++
			default:
				count[job.NodeIdle]++
			}
		}
		for kind, n := range count {
			set(nodesGauge, float64(n), string(role), string(kind))
		}
	}
	set(managersGauge, float64(s.sources.Managers()))
	draining := 0.0
	if s.sources.Draining() {
		draining = 1
	}
	set(drainingGauge, draining)
	if c, ok := s.sources.Store.(interface {
		Commits() (commits, updates uint64)
	}); ok {
		commits, updates := c.Commits()
		out <- prometheus.MustNewConstMetric(commitsTotal, prometheus.CounterValue, float64(commits))
		out <- prometheus.MustNewConstMetric(updatesTotal, prometheus.CounterValue, float64(updates))
	}
	totals, err := s.look()
	if err != nil {
		out <- prometheus.NewInvalidMetric(jobsGauge, err)
		return
	}
	for _, st := range []job.State{job.Draft, job.Quoted, job.Funded, job.Rendering, job.Paused, job.Delivered, job.Accepted, job.Disputed} {
		set(jobsGauge, float64(totals.Jobs[st]), string(st))
	}
	for _, st := range []job.TaskState{job.TaskWaiting, job.TaskLeased, job.TaskCommitted, job.TaskVerifying} {
		set(tasksGauge, float64(totals.Tasks[st]), string(st))
	}
	set(leasesGauge, float64(totals.Held))
	for _, st := range []lifecycle.AuditState{lifecycle.AuditWaiting, lifecycle.AuditHeld, lifecycle.AuditCommitted} {
		set(auditsGauge, float64(totals.Audits[st]), string(st))
	}
	set(earnedGauge, tokens(totals.Earned))
	set(settledGauge, tokens(totals.Settled))
	set(escrowGauge, tokens(totals.Escrow))
}

func tokens(a job.Amount) float64 { return float64(a) / float64(job.Token) }

// look reads the database, unless it did so a moment ago.
func (s *state) look() (store.Totals, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	if !s.read.IsZero() && now.Sub(s.read) < stateAge {
		return s.totals, s.failed
	}
	ctx, cancel := context.WithTimeout(context.Background(), stateAge)
	defer cancel()
	s.failed = s.sources.Store.View(ctx, func(tx store.Tx) (err error) { s.totals, err = tx.Totals(); return err })
	s.read = now
	return s.totals, s.failed
}
