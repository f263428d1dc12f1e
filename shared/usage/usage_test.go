package usage_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/usage"
)

func TestMistakes(t *testing.T) {
	build := func() *cobra.Command {
		root := &cobra.Command{Use: "tool", SilenceErrors: true, SilenceUsage: true}
		root.SetFlagErrorFunc(usage.Flag)
		drain := &cobra.Command{Use: "drain", Args: usage.Exactly("the folder"), RunE: func(*cobra.Command, []string) error { return nil }}
		drain.Flags().Duration("wait", time.Minute, "how long to wait")
		drain.Flags().Int("limit", 1, "lines to show")
		drain.Flags().String("data", "", "the data folder")
		group := usage.Group(&cobra.Command{Use: "depot"})
		group.AddCommand(&cobra.Command{Use: "list", RunE: func(*cobra.Command, []string) error { return nil }}, &cobra.Command{Use: "remove", RunE: func(*cobra.Command, []string) error { return nil }})
		root.AddCommand(drain, group)
		return root
	}
	for line, want := range map[string]string{
		"drain x --wait soon":  `--wait "soon" can't be read: write 30s, 10m or 1h30m; see tool drain --help`,
		"drain x --wait":       `--wait needs a value: write 30s, 10m or 1h30m; see tool drain --help`,
		"drain x --limit many": `--limit "many" can't be read: write a whole number, such as 100; see tool drain --help`,
		"drain x --data":       `--data needs a value: the data folder; see tool drain --help`,
		"drain x --frob":       `unknown flag: --frob; see tool drain --help`,
		"drain -5":             `-5 is below zero, and nothing here can be: write it without the sign; see tool drain --help`,
		"drain x -0.5":         `-0.5 is below zero, and nothing here can be: write it without the sign; see tool drain --help`,
		"drain x -q":           `unknown shorthand flag: 'q' in -q; see tool drain --help`,
		"drain":                `the folder is missing; see tool drain --help`,
		"drain a b":            `"b" is one argument too many; see tool drain --help`,
		"depot":                `say what to do: list, remove; see tool depot --help`,
		"depot lits":           `"lits" isn't a command: did you mean list? There are list, remove; see tool depot --help`,
		"depot frob":           `"frob" isn't a command: there are list, remove; see tool depot --help`,
		"drain x --wait 5m":    "",
		"depot list":           "",
	} {
		root := build()
		root.SetArgs(strings.Fields(line))
		root.SetOut(io.Discard)
		got := ""
		if err := root.Execute(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", line, got, want)
		}
	}
}
