// Package simulation plays thirty days of a network whose workers and verifiers follow mixed
// strategies, with the trust, the rates, the draws' chances, the quorum and the bars that the manager uses, and
// says what each strategy earns beside honesty.
//
// It is not for measuring detection: what a check finds of each cheat is an input, from the attack
// suite (installers/bench verify). It renders nothing.
//
// Receives: rules from shared/proof and manager/audit, by its caller.
// Hands on: figures and a plot to installers/bench.
package simulation

import (
	"math/rand/v2"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof"
)

// Rules are the manager's own functions.
type Rules struct {
	Trust proof.TrustPolicy
	// Bar is how long a verifier checks nothing once it was refuted for the n-th time.
	Bar func(wrong int) time.Duration
	// Another tells whether the verdicts so far want a further one, and Deliver what they say
	// once they don't.
	Another func(passes, fails int, quorum bool) bool
	Deliver func(passes, fails int) bool
	// ProbeEvery is how many audits there are for one honeypot.
	ProbeEvery int
}

// Strategy is how a group of nodes behaves. Amounts are in pays of one task.
type Strategy struct {
	Name  string
	About string
	Share float64 // of the workers
	// Cheats is the chance that a task is a cheat, Saves what that saves of the cost, Found the
	// chance that an honest check finds it.
	Cheats, Saves, Found float64
	// Sleeps: it cheats only while its rate is below this; 0 cheats from the start.
	Sleeps float64
	Stake  float64 // in pays of one task
	// Friends: passed by verifiers that collude with it.
	Friends bool
}

// Kind is how a verifier behaves.
type Kind int

const (
	Honest  Kind = iota
	Friend       // passes the colluding workers' cheats with their own pixels
	Lazy         // doesn't render: it commits to invented pixels
	Accuser      // renders, but convicts one task in twenty that is good
	kinds
)

func (k Kind) String() string {
	return [...]string{"honest", "colluding", "lazy", "accusing"}[k]
}

// Config is one simulation.
type Config struct {
	Rules
	Seed       uint64
	Days       int
	Workers    int
	Tasks      int // a day and worker
	Verifiers  [kinds]int
	Cost       float64 // of rendering a task honestly, in its pays
	Fee, Check float64 // what a verifier gets for one task and what an honest check costs, in pays
	Unpaid     int     // tasks of a worker that aren't paid out yet, and that a look-back reaches
	Strategies []Strategy
}

// Default is the published simulation: detections are the attack suite's, rounded down.
func Default(r Rules) Config {
	const stake = 96 // two days' work
	return Config{
		Rules: r, Seed: 1, Days: 30, Workers: 10_000, Tasks: 48, Verifiers: [kinds]int{Honest: 270, Friend: 10, Lazy: 10, Accuser: 10},
		Cost: 0.7, Fee: 0.05, Check: 0.02, Unpaid: 48,
		Strategies: []Strategy{
			{Name: "honest", About: "renders every task", Share: 0.80, Stake: stake},
			{Name: "unstaked", About: "renders every task, without a stake", Share: 0.10},
			{Name: "half_samples", About: "half the samples, always", Share: 0.02, Cheats: 1, Saves: 0.5, Found: 0.99, Stake: stake},
			{Name: "one_in_32", About: "31 of 32 samples, always", Share: 0.01, Cheats: 1, Saves: 1. / 32, Found: 0.9, Stake: stake},
			{Name: "occasional", About: "half the samples in one task of twenty", Share: 0.02, Cheats: 0.05, Saves: 0.5, Found: 0.99, Stake: stake},
			{Name: "sleeper", About: "honest until one task in five is checked, then renders nothing", Share: 0.02, Cheats: 1, Saves: 1, Found: 0.99, Sleeps: 1. / 5, Stake: stake},
			{Name: "sybil", About: "renders nothing, a new unstaked identity after each conviction", Share: 0.01, Cheats: 1, Saves: 1, Found: 0.99},
			{Name: "colluding", About: "renders nothing, one verifier in thirty is its friend", Share: 0.01, Cheats: 1, Saves: 1, Found: 0.99, Stake: stake, Friends: true},
			{Name: "bad_region", About: "spoils a tenth of a frame: saves a tenth, found by 80 % of the checks", Share: 0.01, Cheats: 1, Saves: 0.1, Found: 0.8, Stake: stake},
		},
	}
}

// Group is what became of one strategy.
type Group struct {
	Strategy  Strategy
	Nodes     int
	Daily     []float64 // mean profit of a node, added up, after each day, in pays
	Cheats    int
	Delivered int // cheats that were delivered and paid in the end
	Convicted int
	Checked   int // tasks that a verifier looked at
	Tasks     int
}

// Profit is the mean profit of a node over all days, in pays.
func (g Group) Profit() float64 { return g.Daily[len(g.Daily)-1] }

// Panel is what became of one kind of verifier.
type Panel struct {
	Kind    Kind
	Nodes   int
	Profit  float64 // mean of a node over all days, in pays of a task
	Refuted int
}

// Result is what a simulation gives.
type Result struct {
	Workers   []Group
	Verifiers []Panel
	FalseBans int // honest attempts that were rejected
}

type worker struct {
	group  int
	trust  float64
	at     float64 // day of the last check
	profit float64
	recent []bool // unchecked tasks that aren't paid out yet: whether each was a cheat
	next   int
}

type verifier struct {
	kind   Kind
	wrong  int
	barred float64 // day
	profit float64
}

// world is a running simulation.
type world struct {
	Config
	rng       *rand.Rand
	workers   []worker
	verifiers []verifier
	out       Result
}

// Run plays a simulation. The same configuration gives the same result.
func Run(c Config) Result {
	w := &world{Config: c, rng: rand.New(rand.NewPCG(c.Seed, 0x6865_6c69_6f))}
	for g, s := range c.Strategies {
		n := int(s.Share*float64(c.Workers) + 0.5)
		w.out.Workers = append(w.out.Workers, Group{Strategy: s, Nodes: n})
		for range n {
			w.workers = append(w.workers, worker{group: g, recent: make([]bool, c.Unpaid)})
		}
	}
	for k, n := range c.Verifiers {
		for range n {
			w.verifiers = append(w.verifiers, verifier{kind: Kind(k)})
		}
	}
	for day := range c.Days {
		sums := make([]float64, len(c.Strategies))
		for i := range w.workers {
			n := &w.workers[i]
			for k := range c.Tasks {
				w.task(n, float64(day)+float64(k)/float64(c.Tasks))
			}
			sums[n.group] += n.profit
		}
		for g := range w.out.Workers {
			group := &w.out.Workers[g]
			group.Daily = append(group.Daily, sums[g]/float64(max(group.Nodes, 1)))
		}
	}
	for k := range kinds {
		p := Panel{Kind: k}
		for _, v := range w.verifiers {
			if v.kind == k {
				p.Nodes++
				p.Profit += v.profit
				p.Refuted += v.wrong
			}
		}
		p.Profit /= float64(max(p.Nodes, 1))
		w.out.Verifiers = append(w.out.Verifiers, p)
	}
	return w.out
}

func days(d float64) time.Duration { return time.Duration(d * 24 * float64(time.Hour)) }

// task is one task of one worker, from its lease to its pay.
func (w *world) task(n *worker, now float64) {
	group := &w.out.Workers[n.group]
	s := group.Strategy
	rate := w.Trust.Rate(w.Trust.Decayed(n.trust, days(now-n.at)), 1, s.Stake)
	cheat := s.Cheats > 0 && (s.Sleeps == 0 || rate <= s.Sleeps) && w.rng.Float64() < s.Cheats
	group.Tasks++
	n.profit -= w.Cost
	if cheat {
		group.Cheats++
		n.profit += s.Saves * w.Cost
	}
	if w.rng.Float64() >= rate { // not drawn: delivered on trust
		n.profit++
		if cheat {
			group.Delivered++
		}
		n.recent[n.next] = cheat
		n.next = (n.next + 1) % len(n.recent)
		return
	}
	group.Checked++
	if w.check(s, cheat, now) {
		n.profit++
		if !cheat {
			n.trust, n.at = w.Trust.Passed(n.trust, days(now-n.at)), now
			return
		}
		group.Delivered++
		n.trust, n.at = w.Trust.Passed(n.trust, days(now-n.at)), now
		// A later look by another verifier, as a honeypot of the first one, may still find it.
		if w.rng.IntN(w.ProbeEvery) != 0 || w.rng.Float64() >= s.Found || !w.honestDraw(now) {
			return
		}
		n.profit--
		group.Delivered--
	} else if !cheat {
		w.out.FalseBans++
	}
	// Convicted: the stake goes, the trust, and what trust had let through and isn't paid out.
	group.Convicted++
	n.trust, n.at = 0, now
	n.profit -= s.Stake
	for i, bad := range n.recent {
		if bad && w.rng.Float64() < s.Found {
			n.profit--
			group.Delivered--
		}
		n.recent[i] = false
	}
}

// draw picks a verifier that isn't barred and hasn't judged yet; -1 when there is none.
func (w *world) draw(now float64, judged map[int]bool) int {
	for range 64 {
		i := w.rng.IntN(len(w.verifiers))
		if w.verifiers[i].barred <= now && !judged[i] {
			return i
		}
	}
	return -1
}

func (w *world) honestDraw(now float64) bool {
	i := w.draw(now, nil)
	return i >= 0 && w.verifiers[i].kind != Friend && w.verifiers[i].kind != Lazy
}

func (w *world) refute(i int, now float64) {
	v := &w.verifiers[i]
	v.wrong++
	v.barred = now + w.Bar(v.wrong).Hours()/24
}

// check plays the audits of one attempt and tells whether it is delivered.
func (w *world) check(s Strategy, cheat bool, now float64) bool {
	var votes [8]struct {
		verifier int
		pass     bool
	}
	count, passes, fails := 0, 0, 0
	shown := cheat && w.rng.Float64() < s.Found // by the challenge, which is the same for everybody
	judged := make(map[int]bool, 2)
	for count < len(votes) {
		i := w.draw(now, judged)
		if i < 0 {
			break
		}
		judged[i] = true
		v := &w.verifiers[i]
		pass := true
		switch v.kind {
		case Lazy:
			// Its pixels are nobody's: a pass doesn't follow from them, and it is found at once.
			w.refute(i, now)
			continue
		case Friend:
			v.profit -= w.Check
			pass = s.Friends || !shown
		case Accuser:
			v.profit -= w.Check
			pass = !shown && w.rng.IntN(20) != 0
		default:
			v.profit -= w.Check
			pass = !shown
		}
		votes[count].verifier, votes[count].pass = i, pass
		count++
		if pass {
			passes++
		} else {
			fails++
		}
		if !w.Another(passes, fails, s.Stake > 0 && fails > 0) {
			break
		}
	}
	deliver := w.Deliver(passes, fails)
	for _, vote := range votes[:count] {
		if vote.pass == deliver {
			if deliver && passes == 1 || passes+fails > 1 && (deliver && passes > 1 || !deliver && fails > 1) {
				w.verifiers[vote.verifier].profit += w.Fee
			}
		} else if deliver && passes >= 2 || !deliver && fails >= 2 {
			w.refute(vote.verifier, now)
		}
	}
	return deliver
}
