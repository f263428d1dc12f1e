package page

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/desktop/widget"
	"github.com/heliostat-render/heliostat/shared/job"
)

// jobs is the list of jobs.
type jobs struct {
	every   []state.Row
	rows    []state.Row // those of them that are looked for
	search  *fynewidget.Entry
	last    state.Snapshot
	symbol  string
	list    *widget.RowList
	empty   *widget.Empty
	below   *fynewidget.Label
	stats   [4]*widget.Stat
	older   *fynewidget.Button // shown while the manager has more
	strip   *fyne.Container
	foot    *fyne.Container    // both
	address *fynewidget.Button // leads to where the manager's is entered
	all     fyne.CanvasObject
}

func newJobs(s *Shell) *jobs {
	j := &jobs{below: fynewidget.NewLabel("")}
	j.list = widget.NewRowList(
		func() int { return len(j.rows) },
		func() fyne.CanvasObject { return widget.NewJobRow() },
		func(id fynewidget.ListItemID, item fyne.CanvasObject) {
			if id < len(j.rows) {
				item.(*widget.JobRow).Set(j.rows[id], j.symbol, j.list.On(id))
			}
		})
	j.list.HideSeparators = true
	j.list.OnSelected = func(id fynewidget.ListItemID) {
		j.list.Unselect(id)
		if id < len(j.rows) {
			s.open(j.rows[id].Job.ID)
		}
	}
	j.address = fynewidget.NewButton("Enter an address", func() {
		s.Show(PlaceSettings)
		s.screens[PlaceSettings].(*settings).ask()
	})
	j.empty = widget.NewEmpty(fynetheme.MediaVideoIcon(), "", "", j.address)
	j.older = fynewidget.NewButton("Show older jobs", s.options.Actions.Older)
	j.older.Importance = fynewidget.LowImportance
	j.older.Hide()
	j.strip = container.NewGridWithColumns(len(j.stats))
	for i, name := range []string{"Throughput", "At work", "Spent", "Trouble"} {
		j.stats[i] = widget.NewStat(name)
		j.strip.Add(widget.Pad(j.stats[i], 6, 0, 0, 4))
	}
	j.foot = container.NewVBox(j.older, j.strip)
	j.search = fynewidget.NewEntry()
	j.search.SetPlaceHolder("Name, state or id")
	j.search.OnChanged = func(string) { j.update(j.last) }
	j.search.Hide()
	width := canvas.NewRectangle(color.Transparent)
	width.SetMinSize(fyne.NewSize(220, 10))
	j.all = container.NewBorder(head("Jobs", j.below, container.NewStack(width, j.search)), j.foot, nil, nil, container.NewStack(j.list, j.empty.Container))
	return j
}

func (j *jobs) object() fyne.CanvasObject { return j.all }

func (j *jobs) update(s state.Snapshot) {
	j.last = s
	j.every, j.symbol = s.Jobs, s.Link.Money.Symbol
	j.rows = find(j.every, j.search.Text)
	if many := len(j.every) >= manyJobs || j.search.Text != ""; j.search.Visible() != many {
		j.search.Hidden = !many
		j.all.Refresh()
	}
	switch {
	case len(j.every) > 0:
		among := "None"
		if s.Older {
			among = fmt.Sprintf("None of the newest %d", len(j.every))
		}
		j.empty.Set("No such job", among+" has “"+j.search.Text+"” in its name, state or id.")
	case s.Link.Refused && !s.Loaded:
		j.empty.Set("Not let in", "The manager answers, and doesn't take this machine's key.\nGive its operator the address that Settings shows.")
	case s.Link.Problem != "" && !s.Loaded:
		j.empty.Set("No manager", "Enter the address that its operator gave you,\nor start one on this machine with “heliostat farm start”.")
	case !s.Loaded:
		j.empty.Set("Connecting", "Asking "+s.Link.Manager+" for your jobs.")
	default:
		j.empty.Set("No jobs yet", "Submit from Blender (Render Properties, Heliostat), or run\nheliostat submit scene.blend --frames 1-12 --out render")
	}
	if j.address.Hidden != s.Loaded {
		j.address.Hidden = s.Loaded
		j.empty.Refresh()
	}
	j.empty.Hidden = len(j.rows) > 0
	j.list.Hidden = len(j.rows) == 0
	if j.foot.Hidden != (len(j.every) == 0) {
		j.foot.Hidden = len(j.every) == 0
		j.all.Refresh()
	}
	if j.older.Hidden == s.Older {
		j.older.Hidden = !s.Older
		j.all.Refresh()
	}
	enable(j.older, s.Busy == "")
	j.sum(s)
	j.say()
	j.list.Refresh()
}

// manyJobs is when one begins to look for a job.
const manyJobs = 8

// find keeps the jobs that have every word in their name, state or id.
func find(rows []state.Row, text string) []state.Row {
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 {
		return rows
	}
	var found []state.Row
	for _, row := range rows {
		has := strings.ToLower(row.Job.Name + "\n" + string(row.Job.State) + "\n" + row.Job.ID)
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(has, word) }) {
			found = append(found, row)
		}
	}
	return found
}

// sum shows what all jobs together come to.
func (j *jobs) sum(s state.Snapshot) {
	sum := s.Sum
	j.stats[0].Set("–", "frames an hour", theme.Ink)
	if sum.Paced {
		j.stats[0].Set(fmt.Sprintf("%.0f", sum.PerHour), "frames an hour", theme.Ink)
	}
	var speed float64
	working := 0
	for _, node := range s.Nodes {
		if node.State == job.NodeBusy {
			working++
			speed += node.Capabilities.Bench
		}
	}
	more := ""
	if speed > 0 {
		more = fmt.Sprintf("%s units a minute", strconv.FormatFloat(speed, 'g', 2, 64))
		if speed >= 100 {
			more = fmt.Sprintf("%.0f units a minute", speed)
		}
	}
	j.stats[1].Set(plural(working, "node"), more, theme.Ink)
	j.stats[2].Set(state.Money(sum.Spent, j.symbol), "of "+state.AtMost(sum.Ceiling, ""), theme.Ink)
	switch {
	case sum.Failed > 0:
		j.stats[3].Set(plural(sum.Failed, "job"), fmt.Sprintf("failed, %d rejected", sum.Rejected), theme.Bad)
	case sum.Rejected > 0:
		j.stats[3].Set(plural(sum.Rejected, "frame"), "rejected", theme.Bad)
	default:
		j.stats[3].Set("None", "", theme.Good)
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func (j *jobs) say() {
	counts := make(map[job.State]int)
	for _, row := range j.every {
		counts[row.Job.State]++
	}
	var parts []string
	for _, st := range []job.State{job.Rendering, job.Funded, job.Paused, job.Quoted, job.Delivered, job.Disputed, job.Failed} {
		if counts[st] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[st], st))
		}
	}
	done := counts[job.Accepted] + counts[job.Settled]
	if done > 0 {
		parts = append(parts, fmt.Sprintf("%d done", done))
	}
	if j.last.Older {
		parts = append(parts, "older ones not counted")
	}
	text := strings.Join(parts, " · ")
	if text == "" {
		text = "What you submit appears here, live"
	}
	if j.below.Text != text {
		j.below.SetText(text)
	}
}
