package farm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	stopWait   = 20 * time.Second // after that a child is killed
	healthy    = time.Minute      // a child that lived as long starts with a clean record
	maxDeaths  = 5                // in a row; then the farm gives up
	maxLog     = 16 << 20         // bytes; an older log is set aside once
	lastLines  = 12
	maxOutLine = 64 << 10
)

// child is one program that is kept alive.
type child struct {
	farm *farm
	name string
	path string
	args []string
	log  string
	said map[string]string // the ready line's pairs; written before first is answered, then only read
}

func (f *farm) child(name, path string, args ...string) *child {
	return &child{farm: f, name: name, path: path, args: args, log: filepath.Join(f.options.Dir, "logs", name+".log")}
}

// supervise runs the child again and again until the context ends. The first start's
// outcome goes to first; a child that keeps dying fails the farm.
func (c *child) supervise(ctx context.Context, first chan<- error) {
	deaths := 0
	started := false
	for {
		begun := time.Now()
		err := c.once(ctx, func(said map[string]string) {
			if !started {
				started = true
				c.said = said
				first <- nil
			}
		})
		if ctx.Err() != nil {
			return
		}
		if !started {
			first <- err
			return
		}
		if time.Since(begun) > healthy {
			deaths = 0
		}
		deaths++
		if deaths > maxDeaths {
			select {
			case c.farm.failed <- fmt.Errorf("%s ended %d times in a row: %w", c.name, deaths, err):
			default:
			}
			return
		}
		c.farm.options.Log.Warn("a program of the farm ended; starting it again", "name", c.name, "error", err, "log", c.log)
		timer := time.NewTimer(time.Duration(deaths) * time.Second)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// once runs the program from start to end.
func (c *child) once(ctx context.Context, ready func(map[string]string)) error {
	if info, err := os.Stat(c.log); err == nil && info.Size() > maxLog {
		if err := os.Rename(c.log, c.log+".1"); err != nil {
			return fmt.Errorf("setting the log of %s aside: %w", c.name, err)
		}
	}
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the log of %s: %w", c.name, err)
	}
	defer log.Close()
	before, _ := log.Seek(0, io.SeekEnd)

	command := exec.Command(c.path, c.args...)
	command.Stderr = log
	own(command)
	out, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting %s: %w", c.name, err)
	}
	// The kernel ends a child with the thread that started it where own asks for that.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", c.name, err)
	}
	lines := make(chan map[string]string, 1)
	ended := make(chan error, 1)
	go func() {
		c.read(out, log, lines)
		ended <- command.Wait()
	}()
	timeout := time.NewTimer(c.farm.options.Ready)
	defer timeout.Stop()
	for {
		select {
		case said := <-lines:
			timeout.Stop()
			c.farm.note(Child{Name: c.name, PID: command.Process.Pid, ID: said["id"], Log: c.log})
			c.farm.options.Log.Info("ready", "name", c.name, "pid", command.Process.Pid, "id", said["id"])
			ready(said)
		case err := <-ended:
			return c.ending(err, before)
		case <-timeout.C:
			c.stop(command.Process, out, ended)
			return fmt.Errorf("%s wasn't ready after %s; its log is %s%s", c.name, c.farm.options.Ready, c.log, c.tail(before))
		case <-ctx.Done():
			c.stop(command.Process, out, ended)
			return ctx.Err()
		}
	}
}

// read copies standard output into the log and finds the ready line.
func (c *child) read(out io.Reader, log io.Writer, lines chan<- map[string]string) {
	scanner := bufio.NewScanner(out)
	scanner.Buffer(make([]byte, 4096), maxOutLine)
	found := false
	for scanner.Scan() {
		line := scanner.Text()
		fmt.Fprintln(log, line)
		if rest, ok := strings.CutPrefix(line, "ready "); ok && !found {
			found = true
			lines <- pairs(rest)
		}
	}
	io.Copy(log, out) // a line too long to scan must not block the child
}

// pairs reads "address=… id=…".
func pairs(text string) map[string]string {
	said := make(map[string]string)
	for _, field := range strings.Fields(text) {
		if key, value, ok := strings.Cut(field, "="); ok {
			said[key] = value
		}
	}
	return said
}

func (c *child) stop(process *os.Process, out io.Closer, ended <-chan error) {
	if err := interrupt(process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.farm.options.Log.Warn("a program can't be asked to stop", "name", c.name, "error", err)
	}
	timer := time.NewTimer(stopWait)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		c.farm.options.Log.Warn("a program didn't stop and is killed", "name", c.name)
		process.Kill()
		out.Close() // what the program itself started may hold the other end
		<-ended
	}
}

// ending words the end of a child with the last lines of its log.
func (c *child) ending(err error, before int64) error {
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return fmt.Errorf("%s: %w; its log is %s%s", c.name, err, c.log, c.tail(before))
}

// tail is the end of what the child logged since before, indented.
func (c *child) tail(before int64) string {
	file, err := os.Open(c.log)
	if err != nil {
		return ""
	}
	defer file.Close()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	if _, err := file.Seek(max(before, size-8<<10), io.SeekStart); err != nil {
		return ""
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return ""
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	if len(lines) > lastLines {
		lines = lines[len(lines)-lastLines:]
	}
	return ":\n    " + strings.Join(lines, "\n    ")
}

// Find looks for a program beside this one, then in PATH.
func Find(name string) (string, error) {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is found neither beside heliostat nor in PATH; install it, or put it there", name)
	}
	return path, nil
}
