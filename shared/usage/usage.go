// Package usage words what is wrong with a command line, so that whoever typed it knows what to type instead.
//
// It is not the place for what a command does, nor for checks that need more than the command line.
package usage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// examples are values of each type of flag.
var examples = map[string]string{"duration": "30s, 10m or 1h30m", "int": "a whole number, such as 100", "int64": "a whole number, such as 100", "uint64": "a whole number, such as 12", "float64": "a number, such as 2.5", "bool": "true or false"}

// Flag words an error of the flags; it is for SetFlagErrorFunc.
func Flag(cmd *cobra.Command, err error) error {
	help := "; see " + cmd.CommandPath() + " --help"
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &unknown) && strings.Trim(unknown.GetSpecifiedShortnames(), "0123456789.") == "" && unknown.GetSpecifiedShortnames() != "":
		return fmt.Errorf("-%s is below zero, and nothing here can be: write it without the sign%s", unknown.GetSpecifiedShortnames(), help)
	case errors.As(err, &value) && examples[value.GetFlag().Value.Type()] != "":
		return fmt.Errorf("--%s %q can't be read: write %s%s", value.GetFlag().Name, value.GetValue(), examples[value.GetFlag().Value.Type()], help)
	case errors.As(err, &missing):
		f := missing.GetFlag()
		if example := examples[f.Value.Type()]; example != "" {
			return fmt.Errorf("--%s needs a value: write %s%s", f.Name, example, help)
		}
		return fmt.Errorf("--%s needs a value: %s%s", f.Name, f.Usage, help)
	}
	return fmt.Errorf("%w%s", err, help)
}

// Exactly takes as many arguments as are named; a name is what the argument is, such as "the job's id".
func Exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch help := "; see " + cmd.CommandPath() + " --help"; {
		case len(args) < len(names):
			return fmt.Errorf("%s is missing%s", names[len(args)], help)
		case len(args) > len(names):
			return fmt.Errorf("%q is one argument too many%s", args[len(names)], help)
		}
		return nil
	}
}

// Group makes a command that only has others under it say so when it is called without one of them, or with
// one that isn't there.
func Group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var names []string
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				names = append(names, c.Name())
			}
		}
		do := strings.Join(names, ", ") + "; see " + cmd.CommandPath() + " --help"
		if len(args) == 0 {
			return fmt.Errorf("say what to do: %s", do)
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return fmt.Errorf("%q isn't a command: did you mean %s? There are %s", args[0], strings.Join(near, " or "), do)
		}
		return fmt.Errorf("%q isn't a command: there are %s", args[0], do)
	}
	return cmd
}
