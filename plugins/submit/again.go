package submit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Fetched is what Fetch did.
type Fetched struct {
	Files  int    // fetched now
	Kept   int    // were there already, the same bytes
	Folder string // of the last one; "" when nothing is delivered
}

// Fetch brings the files of a job's delivered frames, of those in frames or of all, to where output says. It needs no
// submission: the job may have been submitted elsewhere, then output has no Extension and the files' own is taken. What is
// already there stays; a file that is another one is an error that names it, after all the others are fetched. told
// is called before each file, with how many frames came before it and how many there are.
func Fetch(ctx context.Context, c *client.Client, detail wire.JobDetail, frames []int, output Output, told func(f wire.JobFile, done, all int)) (Fetched, error) {
	var fetched Fetched
	var others []string
	own := output.Extension
	err := c.EachFile(ctx, detail, frames, func(f wire.JobFile, done, all int) error {
		if err := client.CheckName(f); err != nil {
			return err
		}
		told(f, done, all)
		if !f.Extra && own == "" {
			output.Extension = filepath.Ext(f.Name)
		}
		path, taken := output.Path(f.Frame), false
		if f.Extra {
			var err error
			if path, taken, err = output.Extra(f, detail.Job.Frames); err != nil {
				return err
			}
		}
		_, err := os.Lstat(path)
		switch {
		case taken, err == nil && !hasDigest(path, f.Digest):
			others = append(others, path)
			return nil
		case err == nil:
			fetched.Kept++
		case !errors.Is(err, fs.ErrNotExist):
			return problemOf("look at "+path, err)
		default:
			if err := c.Download(ctx, f, path); err != nil {
				return err
			}
			fetched.Files++
		}
		fetched.Folder = filepath.Dir(path)
		return nil
	})
	if err == nil && len(others) > 0 {
		named := others[0] + " is"
		if more := len(others) - 1; more > 0 {
			named = fmt.Sprintf("%s and %d more are", others[0], more)
		}
		err = fmt.Errorf("%s there already with other contents: move that away, or choose another place with --out", named)
	}
	return fetched, err
}
