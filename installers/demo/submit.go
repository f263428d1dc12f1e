package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// report is what demo/submit.py writes after the add-on's operator has ended.
type report struct {
	Job           string         `json:"job"`
	Phase         string         `json:"phase"`
	Error         string         `json:"error"`
	Output        string         `json:"output"` // folder of the frames
	Files         map[int]string `json:"files"`  // frame to path
	BytesScene    int64          `json:"bytes_scene"`
	BytesUploaded int64          `json:"bytes_uploaded"`
}

// submit runs Blender in the background with the add-on installed in a profile of its
// own, and calls the add-on's operator.
func submit(ctx context.Context, o options, net *network, scene string, show *screen) (report, error) {
	say("submitting %s through the Blender add-on", scene)
	profile := filepath.Join(o.out, "data", "blender")
	path := filepath.Join(o.out, "data", "report.json")
	if err := os.RemoveAll(profile); err != nil {
		return report{}, err
	}
	if err := os.RemoveAll(path); err != nil {
		return report{}, err
	}
	args := []string{
		"--background", scene, "--python-exit-code", "3", "--python", filepath.Join("installers", "demo", "submit.py"), "--",
		"--addon", filepath.Join(o.bin, "heliostat-blender.zip"), "--manager", net.manager.Ready["address"], "--data", artistDir(o),
		"--output", filepath.Join(o.out, "frames"), "--report", path,
	}
	if o.frames != "" {
		args = append(args, "--frames", o.frames)
	}
	if o.samples > 0 {
		args = append(args, "--samples", strconv.Itoa(o.samples))
	}
	cmd := exec.CommandContext(ctx, o.blender, args...)
	cmd.Env = append(os.Environ(), "BLENDER_USER_CONFIG="+filepath.Join(profile, "config"), "BLENDER_USER_SCRIPTS="+filepath.Join(profile, "scripts"))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	log, err := os.Create(filepath.Join(o.out, "data", "blender.log"))
	if err != nil {
		return report{}, err
	}
	defer log.Close()
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return report{}, err
	}
	if err := cmd.Start(); err != nil {
		return report{}, fmt.Errorf("start Blender: %w; install it, or name it with --blender", err)
	}
	lines := bufio.NewScanner(io.TeeReader(stdout, log))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "heliostat: "); ok {
			show.say(text)
		}
	}
	_, _ = io.Copy(log, stdout)
	failed := cmd.Wait()
	var r report
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	switch {
	case ctx.Err() != nil:
		return r, context.Cause(ctx)
	case r.Error != "":
		return r, fmt.Errorf("the add-on says: %s", r.Error)
	case failed != nil:
		return r, fmt.Errorf("the submitting Blender ended with %w; its log is %s", failed, log.Name())
	case err != nil:
		return r, fmt.Errorf("read the add-on's report: %w; Blender's log is %s", err, log.Name())
	}
	return r, nil
}
