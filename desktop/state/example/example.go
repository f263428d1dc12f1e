// Package example is a small farm frozen in time: the jobs, frames, nodes and payouts that
// the tests of the screens and of the window show.
//
// It is not the place for anything that a person sees outside a test.
package example

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"time"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Now is the moment that the example shows.
var Now = time.Date(2026, 11, 22, 14, 30, 0, 0, time.UTC)

// The nodes' addresses.
const (
	Tower = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
	Attic = "0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1"
	Judge = "0xFFcf8FDEE72ac11b5c542428B35EEF5769C409f0"
	Night = "0x22d491Bde2303f2f43325b2108D26f1eAbA1e32b"
	Mine  = "0xE11BA2b4D45Eaed5996Cd0823791E0C93114882d"
)

func at(ago time.Duration) int64 { return Now.Add(-ago).UnixMilli() }

func recipe(width, height, samples int) job.Recipe {
	return job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", MainFile: "scene.blend",
		Width: width, Height: height, Samples: samples, Device: "CPU", Format: "PNG", ColorMode: "RGB", ColorDepth: "8"}
}

func span(first, last int) []int {
	var frames []int
	for n := first; n <= last; n++ {
		frames = append(frames, n)
	}
	return frames
}

// Open is the id of the job that renders.
const Open = "jaebagbafaydqqcikbmga2dqpcaj"

// Jobs are in every state that an artist often sees.
func Jobs() []job.Job {
	return []job.Job{
		{ID: Open, Owner: Mine, Name: "mirror field", State: job.Rendering, Recipe: recipe(480, 270, 32), Frames: span(1, 16),
			Quote: job.Quote{PerFrame: 120_000, VerifyFee: 12_000, Price: 2_112_000, Ceiling: 2_640_000}, Spent: 1_188_000, Escrow: 2_640_000,
			Created: at(4 * time.Minute), Started: at(3 * time.Minute), Counts: job.Counts{Pending: 5, Uploaded: 2, Verified: 1, Delivered: 8, Rejected: 1}},
		{ID: "jbebagbafaydqqcikbmga2dqpcai", Owner: Mine, Name: "lobby, evening", State: job.Delivered, Recipe: recipe(1920, 1080, 256), Frames: span(1, 48),
			Quote: job.Quote{Ceiling: 31_500_000}, Spent: 24_960_000, Created: at(3 * time.Hour), Started: at(3 * time.Hour), Finished: at(2 * time.Hour), Counts: job.Counts{Delivered: 48}},
		{ID: "jcebagbafaydqqcikbmga2dqpcai", Owner: Mine, Name: "storm over the ridge with volumetric clouds, take 3", State: job.Paused, Recipe: recipe(2048, 858, 512), Frames: span(100, 219),
			Quote: job.Quote{Ceiling: 96_000_000}, Spent: 11_200_000, Created: at(5 * time.Hour), Started: at(5 * time.Hour), Counts: job.Counts{Pending: 106, Delivered: 14}},
		{ID: "jdebagbafaydqqcikbmga2dqpcai", Owner: Mine, Name: "watch, close up", State: job.Settled, Recipe: recipe(3840, 2160, 1024), Frames: []int{1},
			Quote: job.Quote{Ceiling: 5_200_000}, Spent: 4_100_000, Created: at(26 * time.Hour), Started: at(26 * time.Hour), Finished: at(25 * time.Hour), Counts: job.Counts{Accepted: 1}},
		{ID: "jeebagbafaydqqcikbmga2dqpcai", Owner: Mine, Name: "broken rig", State: job.Failed, Cause: "texture bark.png is missing from the scene", Recipe: recipe(1280, 720, 64), Frames: span(1, 24),
			Quote: job.Quote{Ceiling: 3_000_000}, Created: at(30 * time.Hour), Counts: job.Counts{Pending: 24}},
	}
}

// Frames are the open job's.
func Frames() []job.Frame {
	var frames []job.Frame
	for n := 1; n <= 16; n++ {
		frame := job.Frame{Job: Open, Number: n, State: job.FramePending, Task: fmt.Sprintf("t%d", (n-1)/2), Price: 132_000}
		switch {
		case n <= 8:
			frame.State, frame.Seconds, frame.Digest = job.FrameDelivered, 4.2, fmt.Sprintf("%064x", n)
			frame.Worker = []string{Tower, Attic}[n/2%2]
		case n == 9:
			frame.State, frame.Worker = job.FrameVerified, Tower
		case n <= 11:
			frame.State, frame.Worker = job.FrameUploaded, Attic
		case n == 12:
			frame.Worker, frame.Progress = Tower, 0.72
		case n == 13:
			frame.Worker, frame.Progress = Attic, 0.18
		case n == 14:
			frame.Rejects, frame.Cause = 1, "31 % of the checked pixels differ"
		}
		frames = append(frames, frame)
	}
	return frames
}

// Events are the open job's.
func Events() []wire.Event {
	return []wire.Event{
		{Time: at(240 * time.Second), What: "quoted", Text: "2.11 expected, 2.64 at most"},
		{Time: at(225 * time.Second), What: "funded", Text: "2.64 in escrow"},
		{Time: at(180 * time.Second), What: "task leased", Text: "frames 1-2", Node: Tower},
		{Time: at(179 * time.Second), What: "task leased", Text: "frames 3-4", Node: Attic},
		{Time: at(120 * time.Second), What: "frames verified", Text: "1-2: 12 tiles agree", Node: Judge},
		{Time: at(118 * time.Second), What: "frames delivered", Text: "1-2"},
		{Time: at(64 * time.Second), What: "frame rejected", Text: "14: 31 % of pixels differ", Node: Judge},
		{Time: at(20 * time.Second), What: "task leased", Text: "frames 12", Node: Tower},
	}
}

// Nodes are two workers, a verifier and one that its owner uses.
func Nodes() []job.Node {
	blender := []job.Install{{Renderer: "blender", Version: "3.4.1", Engines: []string{"CYCLES"}}}
	return []job.Node{
		{Address: Tower, Roles: []job.Role{job.RoleWorker}, State: job.NodeBusy, Doing: "frame 12 of mirror field, 72 %", Passes: 212, Seen: at(0),
			Capabilities: job.Capabilities{Name: "tower", Hardware: "Ryzen 9 7950X, 32 threads", Class: "cpu/avx2", Installs: blender, Bench: 41}},
		{Address: Attic, Roles: []job.Role{job.RoleWorker}, State: job.NodeBusy, Doing: "frame 13 of mirror field, 18 %", Passes: 97, Fails: 1, Seen: at(0),
			Capabilities: job.Capabilities{Name: "attic", Hardware: "EPYC 7B13, 2 threads", Class: "cpu/avx2", Installs: blender, Bench: 3}},
		{Address: Judge, Roles: []job.Role{job.RoleVerifier}, State: job.NodeIdle, Passes: 310, Seen: at(0),
			Capabilities: job.Capabilities{Name: "judge", Hardware: "Core i5-8250U, 8 threads", Class: "cpu/avx2", Installs: blender}},
		{Address: Night, Roles: []job.Role{job.RoleWorker}, State: job.NodePaused, PauseReason: "its owner works until 22:00", Passes: 44, Seen: at(time.Minute),
			Capabilities: job.Capabilities{Name: "night shift", Hardware: "RTX 4070, 12 GB", Class: "optix/ada", Installs: blender}},
	}
}

// Devices are the processors of the machine that the window runs on.
func Devices() []state.WorkerDevice {
	return []state.WorkerDevice{
		{ID: "cpu", Name: "Ryzen 9 7950X, 32 threads", Memory: 64 << 30, Free: 41 << 30, Load: 0.12, Temperature: 61, Power: 48},
		{ID: "GPU-1", GPU: true, On: true, Name: "RTX 4070", Memory: 12 << 30, Free: 3 << 30, Load: 0.98, Temperature: 72, Power: 187},
		{ID: "GPU-2", GPU: true, Name: "RTX 4070", Memory: 12 << 30, Free: 11 << 30, Temperature: 41, Power: 14},
	}
}

// Payouts are what the nodes earned.
func Payouts() []job.Payout {
	return []job.Payout{
		{Node: Tower, Role: job.RoleWorker, Cumulative: 48_360_000, Claimed: 41_040_000, Epoch: 12, Tx: "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"},
		{Node: Attic, Role: job.RoleWorker, Cumulative: 6_120_000, Claimed: 6_120_000, Epoch: 12, Tx: "0x1c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22061"},
		{Node: Judge, Role: job.RoleVerifier, Cumulative: 5_412_000, Claimed: 4_800_000, Epoch: 12},
		{Node: Mine, Role: job.RoleWorker, Cumulative: 1_320_000, Claimed: 0, Epoch: 12},
	}
}

// Picture paints frame n of the open job: a sun over a field of mirrors.
func Picture(n, width, height int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	turn := float64(n) / 16
	sunX, sunY := (0.15+0.7*turn)*float64(width), (0.34-0.2*math.Sin(turn*math.Pi))*float64(height)
	for y := range height {
		for x := range width {
			v := float64(y) / float64(height)
			r, g, b := 40+150*v, 70+120*v, 130+60*v
			glow := math.Exp(-math.Hypot(float64(x)-sunX, float64(y)-sunY) / (0.14 * float64(width)))
			r, g, b = r+220*glow, g+160*glow, b+60*glow
			if v > 0.62 {
				depth := (v - 0.62) / 0.38
				column := math.Sin((float64(x)/float64(width)-0.5)/(0.05+0.35*depth)*9 + 2*turn)
				row := math.Sin(20 / (depth + 0.25))
				r, g, b = 92+30*depth, 74+24*depth, 58+12*depth
				if column > 0.35 && row > 0.1 {
					r, g, b = 130+90*glow+40*turn, 160+60*glow, 205-20*turn
				}
			}
			img.Set(x, y, color.NRGBA{clamp(r), clamp(g), clamp(b), 255})
		}
	}
	return img
}

func clamp(v float64) uint8 { return uint8(min(max(v, 0), 255)) }

// View is the open job with its pictures.
func View() *state.View {
	thumbs := make(map[int]image.Image)
	for n := 1; n <= 8; n++ {
		thumbs[n] = Picture(n, 320, 180)
	}
	return &state.View{Job: Jobs()[0], Frames: Frames(), Events: Events(), ETA: 43, Thumbs: thumbs}
}

// Snapshot is all of it, with no job open.
func Snapshot() state.Snapshot {
	s := state.Snapshot{
		Link: state.Link{Manager: state.DefaultManager, Connected: true, Address: Judge,
			Money: wire.Money{Settlement: "devchain", ChainID: 1337, Symbol: "HELIO"}},
		Loaded: true, Nodes: Nodes(), Payouts: Payouts(),
		Worker: state.WorkerStatus{State: state.WorkerBusy, Job: Open, Frame: 12, Progress: 0.72, Today: 31, Earned: 1_320_000, Device: "2 × RTX 4070", Devices: Devices()},
	}
	for i, one := range Jobs() {
		row := state.Row{Job: one}
		if i == 0 {
			row.ETA = 43
		}
		s.Jobs = append(s.Jobs, row)
	}
	s.Sum = state.SumOf(s.Jobs)
	s.Sum.PerHour, s.Sum.Paced = 214, true
	return s
}
