package submit

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// OutputOf is where a job's frames go on this machine: what its submission was told, or that of the package which the
// job renders again. False means that it was submitted elsewhere.
func OutputOf(dataDir string, j job.Job) (Output, bool) {
	list, err := records(dataDir)
	if err != nil {
		return Output{}, false
	}
	for _, same := range []func(*record) bool{
		func(r *record) bool { return r.Job == j.ID },
		func(r *record) bool { return r.Package != "" && r.Package == j.Package },
	} {
		for _, r := range list {
			if same(r) {
				return r.Scene.Output, true
			}
		}
	}
	return Output{}, false
}

// In moves the output: into a folder under its own file names, or to a path that has its
// own #.
func (o Output) In(out string) (Output, error) {
	path, err := filepath.Abs(out)
	if err != nil {
		return o, problemOf("find "+out, err)
	}
	if strings.Contains(filepath.Base(path), "#") {
		o.Pattern = path
		return o, nil
	}
	name := filepath.Base(o.Pattern)
	if o.Pattern == "" || strings.HasSuffix(o.Pattern, string(filepath.Separator)) {
		name = ""
	}
	o.Pattern = path + string(filepath.Separator) + name
	return o, nil
}

// Path is where frame goes, by Blender's rules: the last run of # in the file name is the
// frame number, padded with zeros to the run's length; without one, four digits are
// appended. A minus sign does not count as a digit.
func (o Output) Path(frame int) string {
	dir, base := filepath.Split(o.Pattern)
	end := strings.LastIndexByte(base, '#') + 1
	if end == 0 {
		base += "####"
		end = len(base)
	}
	start := end
	for start > 0 && base[start-1] == '#' {
		start--
	}
	sign := ""
	if frame < 0 {
		sign, frame = "-", -frame
	}
	return dir + base[:start] + fmt.Sprintf("%s%0*d", sign, end-start, frame) + base[end:] + o.extension(base)
}

// extension is appended unless the pattern already ends with it, as Blender does.
func (o Output) extension(base string) string {
	if o.Extension == "" || strings.HasSuffix(strings.ToLower(base), strings.ToLower(o.Extension)) {
		return ""
	}
	return o.Extension
}

// Extra is where a further file of a frame goes: under its own name, in the folder of the
// frames. The name is the worker's word; taken means that it is the name of one of the job's frames.
func (o Output) Extra(f wire.JobFile, frames []int) (path string, taken bool, err error) {
	if err := client.CheckName(f); err != nil {
		return "", false, err
	}
	path = filepath.Join(filepath.Dir(o.Path(f.Frame)), filepath.FromSlash(f.Name))
	for _, n := range frames {
		if o.Path(n) == path {
			return path, true, nil
		}
	}
	return path, false, nil
}
