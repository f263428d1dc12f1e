package submit

import (
	"fmt"
	"path/filepath"
	"strings"
)

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
