package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/plugins/submit"
	"github.com/heliostat-render/heliostat/shared/job"
)

// submitFlags are what a submission is made of.
type submitFlags struct {
	frames, out, name, scene, blender string
	samples, percentage, priority     int
	maxPrice                          float64
	wait, yes, accept                 bool
	resume, limitRate                 string
	rehash                            bool
	rate                              int64 // bytes per second, from limitRate
	wants                             wants
}

func (c *cli) submitCommand() *cobra.Command {
	var f submitFlags
	cmd := &cobra.Command{
		Use:   "submit SCENE.blend",
		Short: "Render a scene on the network",
		Long: `Opens the scene in a headless Blender to see what it needs, packs and uploads it, asks for
a price and, once you agree, has it rendered. With --wait the frames are shown as they
are made and fetched into --out. Ctrl-C leaves the job running; --resume comes back to it.`,
		Example: `  heliostat submit scene.blend --frames 1-12 --out render --wait
  heliostat submit scene.blend --frames 1,5,9-20x2 --samples 64 --max-price 10 --yes
  heliostat submit --resume j6f2… --wait`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.resume != "" {
				if len(args) > 0 {
					return usagef("--resume continues an earlier submission; leave out %s", args[0])
				}
				return nil
			}
			return exactly("the scene")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if f.resume != "" {
				return c.resumeSubmission(cmd.Context(), f)
			}
			return c.submit(cmd.Context(), args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.frames, "frames", "", "which `frames`, such as 1-12 or 1,5,9-20x2 (default: the scene's range)")
	flags.StringVar(&f.out, "out", "", "`folder` for the frames, or a path with # for the number (default: the scene's output path)")
	flags.StringVar(&f.name, "name", "", "the job's name (default: the file's)")
	flags.StringVar(&f.scene, "scene", "", "which scene of the file (default: the active one)")
	flags.StringVar(&f.blender, "blender", "", "the Blender `program` (default: the settings', else blender in PATH)")
	flags.IntVar(&f.samples, "samples", 0, "samples per pixel (default: the scene's)")
	flags.IntVar(&f.percentage, "percentage", 0, "resolution in percent (default: the scene's)")
	flags.IntVar(&f.priority, "priority", 0, "go before your own jobs of lower priority")
	flags.Lookup("priority").NoOptDefVal = "1"
	flags.Float64Var(&f.maxPrice, "max-price", 0, "refuse a quote whose ceiling is above so many `tokens`")
	flags.BoolVar(&f.wait, "wait", false, "show the frames as they are made and fetch them")
	flags.BoolVar(&f.yes, "yes", false, "accept the quote without asking")
	flags.BoolVar(&f.accept, "accept", false, "with --wait: accept the frames once all are here")
	flags.StringVar(&f.limitRate, "limit-rate", "", "transfer at most so many `bytes` per second, such as 500K or 2M (default: no limit)")
	flags.BoolVar(&f.rehash, "rehash", false, "read every file again, even those that look unchanged")
	f.wants.register(flags)
	flags.StringVar(&f.resume, "resume", "", "continue an earlier submission, by its `key or job`")
	return cmd
}

func (f *submitFlags) check() error {
	if f.frames != "" {
		if _, err := state.ParseFrames(f.frames); err != nil {
			return usageError{err}
		}
	}
	if err := f.wants.check(time.Now()); err != nil {
		return err
	}
	var err error
	if f.rate, err = parseRate(f.limitRate); err != nil {
		return usageError{err}
	}
	switch {
	case f.samples < 0 || f.samples > 1<<24:
		return usagef("--samples %d is out of range; use 1 or more, or leave it out for the scene's", f.samples)
	case f.percentage < 0 || f.percentage > 1000:
		return usagef("--percentage %d is out of range; use 1 to 1000", f.percentage)
	case !(f.maxPrice >= 0 && f.maxPrice <= 1e12):
		return usagef("--max-price %v is out of range; use tokens, such as 2.5", f.maxPrice)
	case f.accept && !f.wait:
		return usagef("--accept needs --wait: frames are accepted once they are here")
	}
	return nil
}

// parseRate reads bytes per second: "500K", "2M", "1.5G" in powers of 1024, as curl and wget do. "" is 0.
func parseRate(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	number, unit := text, 1.0
	if i := strings.IndexByte("KMG", strings.ToUpper(text[len(text)-1:])[0]); i >= 0 {
		number, unit = text[:len(text)-1], math.Pow(1024, float64(i+1))
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n*unit >= 1024 && n*unit <= 1e15) {
		return 0, fmt.Errorf("--limit-rate %q can't be used; write bytes per second, such as 500K or 2M, at least 1K", text)
	}
	return int64(n * unit), nil
}

func (c *cli) agent(rate int64) (*submit.Agent, error) {
	return submit.New(submit.Options{
		Manager: c.manager, DataDir: c.data, Passphrase: passphrase(), Software: "heliostat " + version, Connect: c.connect, Log: c.log, Upload: rate,
	})
}

func (c *cli) submit(ctx context.Context, blend string, f submitFlags) error {
	info, err := os.Stat(blend)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the scene %s does not exist; check the path", blend)
	}
	if err != nil {
		return fmt.Errorf("the scene can't be read: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("the scene %s is not a file; name the .blend itself", blend)
	}
	// Blender takes a while to open the scene: whether anybody would render it comes first.
	probe, err := c.dial(ctx)
	if err != nil {
		return c.interrupted(ctx, err)
	}
	probe.Close()
	blender := f.blender
	if blender == "" {
		blender = c.settings.Blender
	}
	fmt.Fprintf(c.err, "Looking at %s in Blender …\n", filepath.Base(blend))
	scene, err := submit.Describe(ctx, submit.DescribeOptions{
		Blender: blender, Blend: blend, Out: f.out, Frames: f.frames, Samples: f.samples, Percentage: f.percentage,
		Scene: f.scene, Name: f.name, CacheDir: filepath.Join(c.data, "cache"),
	})
	if err != nil {
		return c.interrupted(ctx, err)
	}
	scene.Priority = f.priority
	scene.MaxPrice = job.Amount(math.Round(f.maxPrice * float64(job.Token)))
	scene.Rehash = f.rehash
	f.wants.apply(&scene)
	scene.AcceptQuote = f.yes
	scene.AcceptFrames = f.accept
	agent, err := c.agent(f.rate)
	if err != nil {
		submit.Discard(scene)
		return err
	}
	defer agent.Close()
	// The submission ends with the agent, not with ctx: Ctrl-C has to be told apart first.
	return c.through(ctx, agent, agent.Start(context.WithoutCancel(ctx), scene), f)
}

func (c *cli) resumeSubmission(ctx context.Context, f submitFlags) error {
	agent, err := c.agent(f.rate)
	if err != nil {
		return err
	}
	defer agent.Close()
	submission, err := agent.Resume(context.WithoutCancel(ctx), f.resume)
	if err != nil {
		return err
	}
	return c.through(ctx, agent, submission, f)
}

// interrupted tells Ctrl-C apart from a failure.
func (c *cli) interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// through follows a submission as far as the flags say.
func (c *cli) through(ctx context.Context, agent *submit.Agent, s *submit.Submission, f submitFlags) error {
	display := c.newDisplay()
	defer func() { display.close() }()
	said := 0
	asked, priced := false, false
	var last submit.Status
	for {
		changed := s.Changed()
		last = s.State()
		for ; said < len(last.Findings); said++ {
			display.line(finding(last.Findings[said]))
		}
		if last.Quote != nil && !priced && (f.yes || last.Phase != submit.Confirm) {
			priced = true
			display.line(quoteLine(last))
		}
		if at := agent.Status(); at.Connected {
			display.at(at.Manager)
		}
		if last.Phase != submit.Failed { // the command ends with it
			display.submission(last)
		}
		switch {
		case last.Phase == submit.Failed:
			if last.Error != nil {
				return c.failed(last)
			}
			return fmt.Errorf("the submission failed: %s", last.Text)
		case last.Phase == submit.Rejected:
			return errors.New("the quote was not accepted; nothing was paid")
		case last.Phase == submit.Cancelled:
			return errors.New("the job was cancelled; verified frames are paid, the rest is refunded")
		case last.Phase == submit.Confirm && !asked && !f.yes:
			asked, priced = true, true
			display.close()
			if err := c.ask(ctx, s, last); err != nil {
				return err
			}
			at := display.manager
			display = c.newDisplay()
			display.manager = at
			continue
		case last.Phase == submit.Confirm && !asked: // an earlier run without --yes is resumed with it
			asked = true
			if err := s.AcceptQuote(); err != nil && s.State().Phase == submit.Confirm {
				return err
			}
		case last.Phase == submit.Render && !f.wait:
			display.close()
			fmt.Fprintf(c.out, "job %s\n", last.Job.ID)
			fmt.Fprintf(c.err, "It renders without you. Fetch its frames with\n  heliostat submit --resume %s --wait\nor stop it with\n  heliostat cancel %s\n", last.Job.ID, last.Job.ID)
			return nil
		case last.Phase == submit.Delivered && !f.accept, last.Phase == submit.Accepted && !f.accept, last.Phase == submit.Settled:
			display.close()
			c.arrived(last)
			return nil
		}
		select {
		case <-changed:
		case <-s.Done():
			if now := s.State(); now.Phase == last.Phase {
				return c.failed(now)
			}
		case <-ctx.Done():
			display.close()
			c.leave(last)
			return errInterrupted
		}
	}
}

func (c *cli) failed(s submit.Status) error {
	if s.Error == nil {
		return fmt.Errorf("the submission ended as %s: %s", s.Phase, s.Text)
	}
	if s.Job == nil {
		return s.Error
	}
	return fmt.Errorf("job %s: %w", s.Job.ID, s.Error)
}

// ask shows the quote and waits for y.
func (c *cli) ask(ctx context.Context, s *submit.Submission, status submit.Status) error {
	fmt.Fprintln(c.err, quoteLine(status))
	fmt.Fprint(c.err, "Accept? [y/N] ")
	answers := make(chan string, 1)
	go func() { // ends with the process at the latest: reading a terminal can't be interrupted
		line, _ := bufio.NewReader(c.in).ReadString('\n')
		answers <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(c.err)
		c.leave(status)
		return errInterrupted
	case answer := <-answers:
		if answer == "" {
			fmt.Fprintln(c.err)
			if err := s.RejectQuote(); err != nil {
				return err
			}
			return errors.New("nobody answered the quote; run it in a terminal, or accept with --yes")
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return s.AcceptQuote()
		}
		return s.RejectQuote()
	}
}

func quoteLine(s submit.Status) string {
	if s.Quote == nil {
		return "the manager made no quote"
	}
	q := s.Quote
	text := fmt.Sprintf("Quote: about %s in %s, never more than %s", state.Money(q.Price, s.Symbol), state.Duration(q.Seconds), state.AtMost(q.Ceiling, s.Symbol))
	if q.Basis != "" {
		text += "\n       (" + clean(q.Basis) + ")"
	}
	return text
}

func finding(f submit.Finding) string {
	text := fmt.Sprintf("%s: %s", f.Level, f.Text)
	if f.Fix != "" {
		text += "; " + f.Fix
	}
	return clean(text)
}

// arrived sums up a delivery.
func (c *cli) arrived(s submit.Status) {
	symbol := s.Symbol
	fmt.Fprintf(c.out, "job %s: %d frames", s.Job.ID, s.Here)
	if s.Last != "" {
		fmt.Fprintf(c.out, " in %s", filepath.Dir(s.Last))
	}
	fmt.Fprintf(c.out, ", %s\n", state.Money(s.Job.Spent, symbol))
	for _, frame := range s.Frames {
		if frame.Aside {
			fmt.Fprintf(c.err, "frame %d went to %s: another file has its place\n", frame.Frame, frame.Path)
		}
	}
	if s.Phase == submit.Delivered {
		fmt.Fprintf(c.err, "Look at them, then\n  heliostat accept %s\nor dispute the bad ones with\n  heliostat claim %s --frames N --reason \"what is wrong\"\n", s.Job.ID, s.Job.ID)
	}
}

// leave says what Ctrl-C left behind.
func (c *cli) leave(s submit.Status) {
	if s.Job != nil && s.Phase != submit.Confirm {
		fmt.Fprintf(c.err, "The job goes on without you. Come back to it with\n  heliostat submit --resume %s --wait\nor stop it with\n  heliostat cancel %s\n", s.Job.ID, s.Job.ID)
		return
	}
	fmt.Fprintf(c.err, "Nothing is rendered or paid yet. Go on with\n  heliostat submit --resume %s\n", s.Key)
}
